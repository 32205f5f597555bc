//go:build !linux

package pybridge

import (
	"context"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/samebytes/samebytes/shm"
)

// Serve returns shm.ErrUnsupported: there is no such memory here.
func (s *Server) Serve(context.Context) error { return shm.ErrUnsupported }

// Listen returns shm.ErrUnsupported: there is no such memory here.
func (s *Server) Listen(context.Context, string) error { return shm.ErrUnsupported }

func newMemory() (*os.File, []byte, error)               { return nil, nil, shm.ErrUnsupported }
func openMemory(int) ([]byte, int, int, error)           { return nil, 0, 0, shm.ErrUnsupported }
func unmap([]byte)                                       {}
func sendFile(*net.UnixConn, []byte, *os.File) error     { return shm.ErrUnsupported }
func socketPair() (*net.UnixConn, *os.File, error)       { return nil, nil, shm.ErrUnsupported }
func ownGroup(*syscall.SysProcAttr) *syscall.SysProcAttr { return nil }

type leash struct{ theirs *os.File }

func newLeash() (leash, error)        { return leash{}, shm.ErrUnsupported }
func (leash) tie(*os.Process) error   { return shm.ErrUnsupported }
func (leash) letGo()                  {}
func ending(*exec.Cmd) (string, bool) { return "ended", false }

func receiveFile(*net.UnixConn, []byte) (int, *os.File, error) { return 0, nil, shm.ErrUnsupported }

func peer(*net.UnixConn) (uid, pid int, err error) { return 0, 0, shm.ErrUnsupported }
