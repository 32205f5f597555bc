package pybridge

import "syscall"

// dieWithParent has the kernel kill a process when the thread that starts it ends.
func dieWithParent(attributes *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attributes == nil {
		attributes = &syscall.SysProcAttr{}
	}
	attributes.Pdeathsig = syscall.SIGKILL
	return attributes
}
