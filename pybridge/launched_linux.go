package pybridge

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/shm"
)

const (
	// callsVariable is the environment variable by which a program that Python launched finds its socket: a descriptor's number.
	callsVariable = "SAMEBYTES_CALLS"
	// leftAlone is how long such a program may go on without Python, which itself waits as long before it kills the program.
	leftAlone = 5 * time.Second
)

// launcher is the connection to the program that launched this one.
var launcher = newLaunching(os.Getenv(callsVariable))

func init() {
	os.Unsetenv(callsVariable) // it is not for the programs that this one starts
}

// launching is a connection that nothing was sent over yet. Until it is taken it is watched for its end.
type launching struct {
	conn *net.UnixConn
	err  error // why there is none

	mu      sync.Mutex
	taken   bool
	watched chan struct{} // closed when it is not any more
}

func newLaunching(variable string) *launching {
	l := &launching{watched: make(chan struct{})}
	if l.conn, l.err = launchedBy(variable); l.err == nil {
		go l.watch()
	}
	return l
}

func launchedBy(variable string) (*net.UnixConn, error) {
	if variable == "" {
		return nil, is(shm.ErrNotExist, "Python's samebytes.launch has not started this program, for %s is not set; Listen serves those who connect", callsVariable)
	}
	fd, err := strconv.Atoi(variable)
	if err != nil || fd < 0 {
		return nil, is(fs.ErrInvalid, "expected a descriptor as %s, found %q", callsVariable, variable)
	}
	file := os.NewFile(uintptr(fd), "samebytes calls")
	defer file.Close() // FileConn has a descriptor of its own
	conn, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("descriptor %d of %s: %w", fd, callsVariable, err)
	}
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		conn.Close()
		return nil, is(fs.ErrInvalid, "expected a Unix socket as descriptor %d of %s", fd, callsVariable)
	}
	return unixConn, nil
}

// watch ends this program some time after the one that launched it, unless the connection is taken before.
func (l *launching) watch() {
	defer close(l.watched)
	raw, err := l.conn.SyscallConn()
	if err != nil {
		return // it is closed
	}
	left := false
	raw.Read(func(fd uintptr) bool { // ends with the deadline that take sets
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(polled, 0)
		left = err == nil && n > 0
		return left
	})
	if left {
		endLater(0)
	}
}

// take returns the connection, once.
func (l *launching) take() (*net.UnixConn, error) {
	if l.err != nil {
		return nil, l.err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return nil, is(shm.ErrClosed, "expected to serve the program that launched this one once")
	}
	l.taken = true
	l.conn.SetReadDeadline(time.Unix(1, 0))
	<-l.watched
	l.conn.SetReadDeadline(time.Time{})
	return l.conn, nil
}

// endLater ends this program when it has been left alone for too long.
func endLater(more time.Duration) {
	time.AfterFunc(leftAlone+more, func() {
		fmt.Fprintln(os.Stderr, "pybridge: the program that launched this one has ended it")
		os.Exit(1)
	})
}
