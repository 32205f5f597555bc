package pybridge

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownGroup has a process begin a group of its own, which signals from a terminal do not reach, and the kernel kill it when the
// thread that starts it ends.
func ownGroup(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attributes == nil {
		attributes = &syscall.SysProcAttr{}
	}
	attributes.Setpgid = true
	attributes.Pdeathsig = syscall.SIGKILL
	return attributes
}

// A leash has the kernel kill a group of processes when this one ends, however it does, or lets go: also those that the group's first
// has started, unless they have left it (setsid). It is a pipe that only this process can write to. Its reading end, which the group
// inherits, asks for a signal when something happens to it, and nothing does but that the other end is closed.
type leash struct{ ours, theirs *os.File }

func newLeash() (leash, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		return leash{}, os.NewSyscallError("pipe2", err)
	}
	return leash{os.NewFile(uintptr(fds[1]), "samebytes leash"), os.NewFile(uintptr(fds[0]), "samebytes leash")}, nil
}

// tie takes a group by its first process, which must not have been waited for.
func (l leash) tie(first *os.Process) error {
	fd := l.theirs.Fd()
	for _, c := range []struct{ name, value int }{
		{unix.F_SETOWN, -first.Pid}, {unix.F_SETSIG, int(unix.SIGKILL)}, {unix.F_SETFL, unix.O_RDONLY | unix.O_ASYNC},
	} {
		if _, err := unix.FcntlInt(fd, c.name, c.value); err != nil {
			return os.NewSyscallError("fcntl", err)
		}
	}
	return nil
}

// letGo kills what is left of the group.
func (l leash) letGo() {
	l.ours.Close() // this end first: as long as the other is open anywhere, its closing is seen
	l.theirs.Close()
}

// ending says how a process that was waited for ended, and whether it crashed, so that it may have said why.
func ending(cmd *exec.Cmd) (how string, crashed bool) {
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return "ended with " + cmd.ProcessState.String(), false
	}
	signal := status.Signal()
	return "was ended by " + unix.SignalName(signal), signal != syscall.SIGKILL && signal != syscall.SIGTERM
}
