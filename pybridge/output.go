package pybridge

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

// output is what a worker writes to stdout and stderr: passed on line by line, and its end kept for who asks how it died.
type output struct {
	python Python
	number int

	mu   sync.Mutex
	last []string
}

// lastLines is how many lines are kept: a crash's report is one for each frame of each thread.
const lastLines = 50

// pass hands lines on until nobody writes any more.
func (o *output) pass(from io.Reader) {
	lines := bufio.NewReaderSize(from, 64<<10) // of a longer line the rest is a line of its own
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			o.line(strings.TrimRight(string(line), "\r\n"))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (o *output) line(text string) {
	o.mu.Lock()
	if o.last = append(o.last, text); len(o.last) > 2*lastLines {
		o.last = slices.Clone(o.last[lastLines:])
	}
	o.mu.Unlock()
	if o.python.Output != nil {
		o.python.Output(o.number, text)
		return
	}
	fmt.Fprintf(os.Stderr, "python[%d] %s\n", o.number, text)
}

// report returns what Python's faulthandler has said of a crash, or the last lines.
func (o *output) report() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.last[max(0, len(o.last)-lastLines):]
	for i, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "Fatal Python error") {
			return strings.Join(lines[i:], "\n")
		}
	}
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
