package pybridge

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Python says which functions a pool serves, and how its workers are started. Either Module or File must be set.
type Python struct {
	Module string // to import, as "package.model"
	File   string // or a file to run, as "model.py"

	Workers     int      // processes; by default one
	Interpreter string   // by default "python3"
	Dir         string   // working directory; by default this process's
	Env         []string // "KEY=value", added to this process's
	Init        string   // a function of the module to call first, with the worker's number
	Serve       *Server  // whose functions and types Python has as attributes of samebytes.caller(); by default none

	Grace    time.Duration // after which a call that was given up is ended by killing its worker; by default a second
	Restarts int           // starts in a row that may fail before the pool gives up; by default 5

	// Progress is told what a starting worker is at, as "import model". It may be called on several goroutines at once, as may
	// Output, which is given each line that a worker writes to stdout or stderr. Without it they go to this process's stderr.
	Progress func(worker int, stage string)
	Output   func(worker int, line string)

	// Log is told of workers that start, die and cannot start, and of calls that take longer than Slow, by default a second.
	// Without it nothing is logged.
	Log  *slog.Logger
	Slow time.Duration
}

func (p Python) interpreter() string {
	if p.Interpreter != "" {
		return p.Interpreter
	}
	return "python3"
}

// Pool is Python processes that run functions for this one. All its methods may be called from many goroutines.
type Pool struct {
	python Python
	ctx    context.Context // over when the pool is closed
	close  context.CancelFunc
	idle   idle
	failed chan struct{} // closed when the pool has given up
	cause  error         // why it has
	give   sync.Once
	slots  sync.WaitGroup // goroutines that keep a worker running each
	rest   sync.WaitGroup // other goroutines: what workers that have ended leave behind is let go, and the thread that starts them ends
	calls  *gate          // calls under way
	launch chan launch

	cut      context.Context // over when those are not waited for any more
	cutShort context.CancelFunc

	meters   meters
	traffic  traffic
	running  atomic.Int64 // workers
	restarts atomic.Uint64
	log      logger
}

// launch is a process to start.
type launch struct {
	cmd  *exec.Cmd
	done chan error
}

const (
	defaultRestarts = 5
	firstBackoff    = 50 * time.Millisecond
	longestBackoff  = 5 * time.Second
)

// Start starts a pool's workers, and returns when all of them are ready. They end with the pool, and with this process, however
// it ends.
// The error is the context's, [ErrRemote] for what failed in Python (no such module, an exception while it is imported), fs.ErrNotExist
// for an interpreter that is not there, and [ErrWorkerDied]; no process is left then.
func Start(ctx context.Context, p Python) (*Pool, error) {
	if (p.Module == "") == (p.File == "") {
		return nil, fmt.Errorf("pybridge: start: expected a module or a file, found module %q and file %q", p.Module, p.File)
	}
	if p.Workers < 0 || p.Restarts < 0 {
		return nil, fmt.Errorf("pybridge: start: expected numbers that are not negative, found %d workers and %d restarts", p.Workers, p.Restarts)
	}
	for i, entry := range p.Env {
		if name, _, found := strings.Cut(entry, "="); !found || name == "" || strings.Contains(entry, "\x00") {
			return nil, fmt.Errorf(`pybridge: start: expected Env[%d] as "KEY=value", found %q`, i, entry)
		}
	}
	p.Workers = max(p.Workers, 1)
	if p.Restarts == 0 {
		p.Restarts = defaultRestarts
	}
	pool := &Pool{python: p, failed: make(chan struct{}), calls: newGate(), launch: make(chan launch), log: newLogger(p.Log, p.Slow)}
	pool.ctx, pool.close = context.WithCancel(context.Background())
	pool.cut, pool.cutShort = context.WithCancel(context.Background())
	pool.rest.Go(pool.launches)
	workers := make([]*worker, p.Workers)
	errs := make([]error, p.Workers)
	var starting sync.WaitGroup
	first, stop := context.WithCancel(ctx)
	defer stop()
	for i := range workers {
		starting.Go(func() {
			if workers[i], errs[i] = pool.startWorker(first, i); errs[i] != nil {
				stop() // the others need not go on
			}
		})
	}
	starting.Wait()
	if err := firstCause(ctx, errs); err != nil {
		for _, w := range workers {
			if w != nil {
				w.kill()
			}
		}
		pool.close()
		pool.rest.Wait()
		return nil, fmt.Errorf("pybridge: start: %w", err)
	}
	for i, w := range workers {
		pool.slots.Go(func() { pool.keep(i, w) })
	}
	return pool, nil
}

// firstCause returns the error that was not only the consequence of another.
func firstCause(ctx context.Context, errs []error) error {
	var cause error
	for _, err := range errs {
		if err != nil && (cause == nil || errors.Is(cause, context.Canceled) && ctx.Err() == nil) {
			cause = err
		}
	}
	return cause
}

// launches starts processes, all from one thread that lasts as long as the pool: the kernel kills them when the thread that
// started them ends, as it does with this process.
func (p *Pool) launches() {
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	for {
		select {
		case l := <-p.launch:
			l.done <- l.cmd.Start()
		case <-p.ctx.Done():
			p.slots.Wait() // their workers are not to be killed before they were asked to end
			return
		}
	}
}

func (p *Pool) startWorker(ctx context.Context, number int) (*worker, error) {
	begun := time.Now()
	w, err := startWorker(ctx, p.python, number, func(cmd *exec.Cmd) error {
		cmd.SysProcAttr = ownGroup(cmd.SysProcAttr)
		done := make(chan error, 1)
		select {
		case p.launch <- launch{cmd, done}:
			return <-done
		case <-p.ctx.Done():
			return ErrClosed
		}
	}, p)
	if err == nil {
		p.log.Info("worker started", "worker", number, "process", w.cmd.Process.Pid, "took", time.Since(begun), "runs", w.said)
	}
	return w, err
}

// keep keeps a worker of that number running: when one ends, it starts the next.
func (p *Pool) keep(number int, w *worker) {
	for {
		p.running.Add(1)
		p.idle.put(w)
		select {
		case <-w.link.ended:
		case <-p.ctx.Done():
		}
		p.running.Add(-1)
		if p.ctx.Err() != nil {
			select {
			case <-p.calls.empty: // they have their answers
				w.dismiss(p.python.grace())
			case <-p.cut.Done():
				w.kill()
			}
			return
		}
		w.kill()
		how, _ := ending(w.cmd)
		p.log.Warn("worker died", "worker", number, "process", w.cmd.Process.Pid, "it", how, "because", w.link.err())
		p.restarts.Add(1)
		var err error
		backoff := firstBackoff
		for failures := 0; ; failures++ {
			if failures > p.python.Restarts {
				p.log.Error("pool given up", "worker", number, "starts", failures, "error", err)
				p.fail(fmt.Errorf("worker %d ended and %d starts failed: %w", number, failures, err))
				return
			}
			if w, err = p.startWorker(p.ctx, number); err == nil {
				break
			}
			p.log.Warn("worker did not start", "worker", number, "again in", backoff, "error", err)
			select {
			case <-time.After(backoff):
				backoff = min(2*backoff, longestBackoff)
			case <-p.ctx.Done():
				return
			}
		}
	}
}

func (p *Pool) fail(err error) {
	p.give.Do(func() {
		p.cause = err
		close(p.failed)
	})
}

// reserve waits until a worker has no call, and returns what gives it back. A call from that worker has it already.
func (p *Pool) reserve(ctx context.Context, w *worker) (release func(), err error) {
	if chainOf(ctx).on(w.link) != 0 {
		return func() {}, nil
	}
	if p.idle.takeThis(ctx, w, p.ctx.Done()) {
		return func() { p.idle.put(w) }, nil
	}
	switch {
	case w.link.err() != nil:
		return nil, w.link.err()
	case p.ctx.Err() != nil:
		return nil, ErrClosed
	}
	return nil, ctx.Err()
}

// take returns a worker without a call, as soon as there is one.
func (p *Pool) take(ctx context.Context) (*worker, error) {
	if w := p.idle.take(ctx, p.ctx.Done(), p.failed); w != nil {
		return w, nil
	}
	switch {
	case p.ctx.Err() != nil:
		return nil, ErrClosed
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, p.cause
}

// enter begins a call, which leaves p.calls at its end. When the pool is closed only those begin that are nested in others.
func (p *Pool) enter(ctx context.Context) error {
	if !p.calls.enter() {
		if chainOf(ctx).within(p) == nil {
			return ErrClosed
		}
		p.calls.enterAgain()
	}
	return nil
}

// Close waits for the calls that workers run, of functions and of objects' methods, and for those nested in them, and ends the workers.
// Calls that wait for a worker, and later ones, fail with [ErrClosed]. It waits as long as the calls last, whose contexts may end them: see
// [Pool.Shutdown]. It always returns nil.
func (p *Pool) Close() error { return p.Shutdown(context.Background()) }

// Shutdown is Close, and waits for calls only until the context ends: then the workers are killed, the calls fail with [ErrWorkerDied], and
// it returns the context's error.
//
// When it returns, nothing of the pool is left: no process, goroutine or temporary array but those that calls have returned. Functions of
// Python.Serve that do not end with their contexts, and what outlives Python.Grace in other ways, are not waited for.
func (p *Pool) Shutdown(ctx context.Context) (err error) {
	p.calls.shut()
	p.close()
	select {
	case <-p.calls.empty:
	default:
		select {
		case <-p.calls.empty:
		case <-ctx.Done():
			err = fmt.Errorf("pybridge: shut down: %w", ctx.Err())
			p.cutShort()
		}
	}
	p.slots.Wait()
	p.rest.Wait()
	return err
}
