package pybridge

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/samebytes/samebytes/shm"
)

// worker is a Python process and the connection to it. It has one call from Go at a time, and those nested in it.
type worker struct {
	number int
	link   *link
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone, and reaped, and its output passed on
	said   string        // the interpreter's and the packages' versions
	output *output
	done   func() // after a call: gives the worker back to its pool, and leaves that
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

// lastWords is how long a worker's output is listened to when it has ended: what it has started, and left its group, may still have it.
const lastWords = 100 * time.Millisecond

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
	leash, err := newLeash()
	if err != nil {
		conn.Close()
		theirs.Close()
		unmap(memory)
		return nil, err
	}
	w := &worker{number: number, exited: make(chan struct{}), output: &output{python: p, number: number}}
	w.cmd = exec.Command(p.interpreter(), "-X", "faulthandler", "-c", bootstrap)
	w.cmd.Dir = p.Dir
	w.cmd.Env = append(os.Environ(), p.Env...)
	w.cmd.ExtraFiles = []*os.File{theirs, leash.theirs}
	output, written, err := os.Pipe()
	if err == nil {
		w.cmd.Stdout, w.cmd.Stderr = written, written // Python's print is no answer to anybody
		err = launch(w.cmd)
		written.Close()
		if err != nil {
			output.Close()
			err = p.launchError(err)
		}
	}
	theirs.Close()
	if err != nil {
		leash.letGo()
		conn.Close()
		unmap(memory)
		return nil, err
	}
	tied := leash.tie(w.cmd.Process)
	lines := make(chan struct{})
	go func() {
		defer close(lines)
		defer output.Close()
		w.output.pass(output)
	}()
	go func() {
		w.cmd.Wait() // how it ended, ending says
		leash.letGo()
		output.SetReadDeadline(time.Now().Add(lastWords))
		<-lines
		close(w.exited)
	}()

	w.done = func() {
		pool.idle.put(w)
		pool.calls.leave()
	}
	w.link = newLink(conn, memory, slots, slotSize, true)
	w.link.pool, w.link.worker, w.link.traffic = pool, w, &pool.traffic
	w.link.grace = p.grace()
	served := p.Serve
	if served == nil {
		served = NewServer()
	}
	session := newSession(context.Background(), served, w.link)
	pool.rest.Go(func() {
		<-w.link.ended
		session.cancel()
		select {
		case <-w.link.left:
			session.drain()
		case <-time.After(p.grace()): // whose Close is called for an object may do anything
		}
	})
	ready := make(chan error, 1)
	domain, _ := shm.Domain() // without one no array can be sent, which says why
	hello, err := appendFrame(nil, frame{
		Protocol: protocol, Language: "go", PID: os.Getpid(), Domain: domain, Slots: slots, SlotSize: slotSize,
		Start:     &introduction{p.Module, p.File, p.Init, number},
		Functions: served.described(), Types: served.describedTypes(),
	})
	if err == nil {
		err = tied
	}
	if err == nil && sendFile(conn, hello, file) != nil {
		err = w.died("before it was ready")
	}
	if err != nil {
		w.kill()
		return nil, err
	}
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
			err = w.died("before it was ready")
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
	switch name := p.interpreter(); {
	case errors.Is(err, exec.ErrNotFound):
		return is(fs.ErrNotExist, "expected the interpreter %q in PATH: install Python, or set Python.Interpreter to the path of one: %v", name, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("expected the interpreter %q, found no such program: set Python.Interpreter to the path of one: %w", name, err)
	default:
		return fmt.Errorf("interpreter %q: %w", name, err)
	}
}

// startError says what a worker could not start for, and what to do about it.
func startError(p Python, f frame) error {
	err := f.Error.err()
	if f.Error.Type == "ModuleNotFoundError" && strings.Contains(f.Error.Message, "samebytes") {
		return fmt.Errorf("%s lacks the package samebytes: %s -m pip install samebytes: %w", p.interpreter(), p.interpreter(), err)
	}
	return err
}

// died returns an ErrWorkerDied that says how the worker ended, as soon as that is known, and what it said of a crash.
func (w *worker) died(when string) error {
	select {
	case <-w.exited:
	case <-time.After(time.Second): // its end of the socket has ended, and it has not
		return is(ErrWorkerDied, "worker %d, process %d, closed the connection %s", w.number, w.cmd.Process.Pid, when)
	}
	how, crashed := ending(w.cmd)
	report := ""
	if crashed {
		report = "\n" + w.output.report()
	}
	return is(ErrWorkerDied, "worker %d, process %d, %s %s%s", w.number, w.cmd.Process.Pid, how, when, report)
}

// ended returns why a call has no answer, when the link has ended.
func (w *worker) ended() error {
	if err := w.link.err(); !errors.Is(err, ErrWorkerDied) {
		return err
	}
	return w.died("during the call")
}

// kill ends the process, which then is not running any more, and its connection.
func (w *worker) kill() {
	w.cmd.Process.Kill() // fails only for what has ended
	w.link.end(ErrWorkerDied)
	<-w.exited
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
