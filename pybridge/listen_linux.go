package pybridge

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/shm"
)

const (
	// socketPrefix begins the file names of sockets, in the directory of segments, which no segment's name can.
	socketPrefix = ".samebytes-calls-"
	// acceptPause is how long to wait where there is no descriptor for another client, as until one goes.
	acceptPause = 20 * time.Millisecond
)

// Serve serves the Python program that started this one, by samebytes.launch, until that ends or closes the connection, or the context
// ends; it then returns nil. Calls that are under way have [Server.Grace] then. A program should end when Serve has returned. One that
// Python has launched and left, also before Serve was called, is ended where it has not done so by itself some seconds later.
// The error is shm.ErrNotExist in a program that was not started so, shm.ErrVersion for a Python package of another protocol, or what was
// wrong with what Python sent.
func (s *Server) Serve(ctx context.Context) error {
	conn, err := launcher.take()
	if err == nil {
		err = s.converse(ctx, conn)
		if ctx.Err() == nil {
			endLater(2 * s.grace()) // which calls had
		}
	}
	if err != nil {
		return fmt.Errorf("pybridge: serve: %w", err)
	}
	return nil
}

// Listen serves all programs of this user that connect to a name, by Python's samebytes.connect, until the context ends; it then returns
// nil. Calls that are under way have [Server.Grace] then. What a client does wrong ends its connection, and no other's.
// The error is shm.ErrBadName, shm.ErrExist for a name that another server has, or shm.ErrAccess.
func (s *Server) Listen(ctx context.Context, name string) error {
	if err := s.listen(ctx, name); err != nil {
		return fmt.Errorf("pybridge: listen %q: %w", name, err)
	}
	return nil
}

func (s *Server) listen(ctx context.Context, name string) error {
	if err := shm.CheckName(name); err != nil {
		return err
	}
	d, err := openDirectory(shm.Dir())
	if err != nil {
		return err
	}
	defer d.Close()
	listener, remove, err := d.listen(ctx, socketPrefix+name)
	if err != nil {
		return err
	}
	defer remove()
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	for {
		conn, err := listener.AcceptUnix()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case err != nil:
			time.Sleep(acceptPause)
			continue
		}
		sessions.Go(func() {
			if err := sameUser(conn); err != nil {
				refuse(conn, err)
				return
			}
			s.converse(ctx, conn) // what is wrong was said to the client
		})
	}
}

// sameUser returns an error unless this process's user is on the other side.
func sameUser(conn *net.UnixConn) error {
	uid, pid, err := peer(conn)
	if err == nil && uid != os.Geteuid() {
		err = fmt.Errorf("%w: expected a program of user %d, found process %d of user %d", shm.ErrAccess, os.Geteuid(), pid, uid)
	}
	return err
}

func refuse(conn *net.UnixConn, err error) {
	defer conn.Close()
	if b, failed := appendFrame(nil, frame{Protocol: protocol, Error: asFrame(err)}); failed == nil {
		conn.SetDeadline(time.Now().Add(introductionTime))
		conn.Write(b) // it need not listen
	}
}

// directory is an open directory, by whose descriptor paths are short: a socket's path has at most 107 bytes.
type directory struct{ *os.File }

func openDirectory(path string) (directory, error) {
	f, err := os.Open(path)
	if err != nil {
		return directory{}, asShared(err)
	}
	return directory{f}, nil
}

func (d directory) path(name string) string {
	return "/proc/self/fd/" + strconv.Itoa(int(d.Fd())) + "/" + name
}

// listen makes a socket of that file name, to which only this user can connect, and returns what removes it. It is listened to before
// it has the name, so that a name without a listener is one that a dead server has left.
func (d directory) listen(ctx context.Context, name string) (_ *net.UnixListener, remove func(), err error) {
	var random [8]byte
	rand.Read(random[:]) // never fails, as its documentation says
	own := fmt.Sprintf("%s%x", socketPrefix[:len(socketPrefix)-1], random)
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) (err error) {
		failed := raw.Control(func(fd uintptr) { err = unix.Fchmod(int(fd), 0o600) }) // bind gives the file this mode
		return errors.Join(failed, err)
	}}
	l, err := config.Listen(ctx, "unix", d.path(own))
	if err != nil {
		return nil, nil, asShared(err)
	}
	listener := l.(*net.UnixListener)
	listener.SetUnlinkOnClose(false)
	defer func() {
		os.Remove(d.path(own)) // it has its name, or is of no use
		if err != nil {
			listener.Close()
		}
	}()
	made, err := os.Lstat(d.path(own))
	if err != nil {
		return nil, nil, asShared(err)
	}
	if err := d.publish(own, name); err != nil {
		return nil, nil, err
	}
	return listener, func() {
		listener.Close()
		if now, err := os.Lstat(d.path(name)); err == nil && os.SameFile(made, now) {
			os.Remove(d.path(name)) // where that fails, the next server of that name does it
		}
	}, nil
}

// publish gives a socket its name, unless a server that lives has it.
func (d directory) publish(own, name string) error {
	for {
		err := os.Link(d.path(own), d.path(name))
		if !errors.Is(err, fs.ErrExist) {
			return asShared(err)
		}
		if d.isLive(name) {
			return is(shm.ErrExist, "another server listens")
		}
		// It is taken away by renaming, which one of several does. If it has come to life meanwhile it is put back.
		dead := own + "-dead"
		if err := os.Rename(d.path(name), d.path(dead)); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return asShared(err)
		}
		live := d.isLive(dead)
		if live {
			os.Link(d.path(dead), d.path(name)) // fails where yet another has the name now
		}
		os.Remove(d.path(dead))
		if live {
			return is(shm.ErrExist, "another server listens")
		}
	}
}

// isLive reports whether somebody listens to the socket of that name, or there is something that can't be told.
func (d directory) isLive(name string) bool {
	fd, err := unix.Openat(int(d.Fd()), name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return !errors.Is(err, unix.ENOENT)
	}
	defer unix.Close(fd)
	conn, err := net.Dial("unix", "/proc/self/fd/"+strconv.Itoa(fd)) // also of a name that is longer than a socket's may be
	if err == nil {
		conn.Close()
	}
	return !errors.Is(err, unix.ECONNREFUSED)
}

// asShared returns the error of a system call as one of those that both languages know.
func asShared(err error) error {
	for _, of := range []struct{ standard, ours error }{
		{fs.ErrNotExist, shm.ErrNotExist}, {fs.ErrExist, shm.ErrExist}, {fs.ErrPermission, shm.ErrAccess},
	} {
		if errors.Is(err, of.standard) {
			return fmt.Errorf("%w: %w", of.ours, err)
		}
	}
	return err
}
