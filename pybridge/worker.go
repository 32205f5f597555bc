package pybridge

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// worker is a Python process and the connection to it. It has one call from Go at a time, and those nested in it.
type worker struct {
	number int
	link   *link
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone, and reaped
	said   string        // the interpreter's and the packages' versions

}

// bootstrap is the program that a worker begins with. It needs nothing but Python, so that it can say what is missing: the
// socket is descriptor 3.
const bootstrap = `
try:
    from samebytes import _worker
except Exception as error:
    import json, socket, struct, sys, traceback
    failure = {"type": type(error).__name__, "message": str(error), "trace": traceback.format_exc()}
    text = json.dumps({"error": failure, "language": "python " + sys.version.split()[0]}).encode()
    socket.socket(fileno=3).sendall(struct.pack("<I", len(text)) + text)
    sys.exit(1)
_worker.main()
`

// introduction is what a worker is told before it starts: which functions it serves.
type introduction struct {
	Module string `json:"module,omitempty"`
	File   string `json:"file,omitempty"`
	Init   string `json:"init,omitempty"`
	Number int    `json:"number"`
}

// startWorker starts a process and waits until it is ready. Its progress and errors are told as they come.
func startWorker(ctx context.Context, p Python, number int, launch func(*exec.Cmd) error, pool *Pool) (*worker, error) {
	conn, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	file, memory, err := newMemory()
	if err != nil {
		conn.Close()
		theirs.Close()
		return nil, err
	}
	defer file.Close()
	w := &worker{number: number, exited: make(chan struct{})}
	w.cmd = exec.Command(p.interpreter(), "-X", "faulthandler", "-c", bootstrap)
	w.cmd.Dir = p.Dir
	w.cmd.Env = append(os.Environ(), p.Env...)
	w.cmd.ExtraFiles = []*os.File{theirs}
	output, err := w.cmd.StderrPipe()
	if err == nil {
		w.cmd.Stdout = w.cmd.Stderr // Python's print is no answer to anybody
		err = launch(w.cmd)
	}
	theirs.Close()
	if err != nil {
		conn.Close()
		unmap(memory)
		return nil, p.launchError(err)
	}
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		p.pass(number, output)
	}()
	go func() {
		<-lines
		w.cmd.Wait() // how it ended is no news beside that it did
		close(w.exited)
	}()

	w.link = newLink(conn, memory, slots, slotSize, true)
	w.link.pool, w.link.worker = pool, w
	w.link.grace, w.link.kill = p.grace(), w.kill
	w.link.reserve = func(ctx context.Context) (func(), error) { return pool.reserve(ctx, w) }
	served := p.Serve
	if served == nil {
		served = NewServer()
	}
	session := newSession(context.Background(), served, w.link)
	ready := make(chan error, 1)
	hello, err := appendFrame(nil, frame{
		Protocol: protocol, Language: "go", PID: os.Getpid(), Slots: slots, SlotSize: slotSize,
		Start:     &introduction{p.Module, p.File, p.Init, number},
		Functions: served.described(), Types: served.describedTypes(),
	})
	if err == nil && sendFile(conn, hello, file) != nil {
		err = fmt.Errorf("%w before it was ready", ErrWorkerDied)
	}
	if err != nil {
		w.kill()
		return nil, err
	}
	go func() {
		<-w.link.ended
		session.cancel()
	}()
	w.link.start(false, session.take, func(f frame) {
		switch {
		case f.Cancel != 0:
			session.told(f)
		case f.Error != nil:
			ready <- startError(p, f)
		case f.Ready:
			w.said = f.Language
			ready <- nil
		case f.Stage != "" && p.Progress != nil:
			p.Progress(number, f.Stage)
		}
	})
	select {
	case err = <-ready:
	case <-w.link.ended:
		select {
		case err = <-ready: // it said why, and ended
		default:
			err = fmt.Errorf("%w before it was ready", ErrWorkerDied)
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		w.kill()
		return nil, err
	}
	return w, nil
}

// launchError says what was not there to be started.
func (p Python) launchError(err error) error {
	if _, missing := os.Stat(p.Dir); p.Dir != "" && missing != nil {
		return fmt.Errorf("directory: %w", missing)
	}
	return fmt.Errorf("interpreter %q: %w", p.interpreter(), err)
}

// startError says what a worker could not start for, and what to do about it.
func startError(p Python, f frame) error {
	err := f.Error.err()
	if f.Error.Type == "ModuleNotFoundError" && strings.Contains(f.Error.Message, "samebytes") {
		return fmt.Errorf("%s lacks the package samebytes: %s -m pip install samebytes: %w", p.interpreter(), p.interpreter(), err)
	}
	return err
}

// kill ends the process, which then is not running any more, and its connection.
func (w *worker) kill() {
	w.cmd.Process.Kill() // fails only for what has ended
	w.link.end(ErrWorkerDied)
	<-w.exited
}

// pass hands a worker's output on, line by line.
func (p Python) pass(number int, output io.Reader) {
	lines := bufio.NewReaderSize(output, 64<<10) // of a longer line the rest is a line of its own
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			p.line(number, strings.TrimRight(string(line), "\r\n"))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

func (p Python) line(number int, text string) {
	if p.Output != nil {
		p.Output(number, text)
		return
	}
	fmt.Fprintf(os.Stderr, "python[%d] %s\n", number, text)
}

// grace is how long a worker may take to give a call up before it is killed.
func (p Python) grace() time.Duration {
	if p.Grace > 0 {
		return p.Grace
	}
	return defaultGrace
}

// dismiss ends a worker that has no call: the socket's end tells it to, and the kernel where it does not listen.
func (w *worker) dismiss(grace time.Duration) {
	w.link.end(ErrClosed)
	select {
	case <-w.exited:
	case <-time.After(grace):
		w.kill()
	}
}
