package pybridge

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// newMemory returns a file of memory for two rings, and maps it.
func newMemory() (file *os.File, memory []byte, err error) {
	fd, err := unix.MemfdCreate("samebytes calls", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	file = os.NewFile(uintptr(fd), "samebytes calls")
	defer func() {
		if err != nil {
			file.Close() // it has nothing yet
		}
	}()
	size := slotsAt + 2*slots*slotSize
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, nil, os.NewSyscallError("ftruncate", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, nil, os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	memory, err = unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	copy(memory, magic)
	binary.LittleEndian.PutUint32(memory[8:], protocol)
	binary.LittleEndian.PutUint32(memory[12:], slots)
	binary.LittleEndian.PutUint32(memory[16:], slotSize)
	return file, memory, nil
}

// openMemory maps what another process made, and returns how it is laid out.
func openMemory(fd int) (memory []byte, nslots, slotSize int, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, 0, 0, os.NewSyscallError("fstat", err)
	}
	seals, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil || seals&unix.F_SEAL_SHRINK == 0 {
		return nil, 0, 0, fmt.Errorf("%w: expected memory that can't be cut", errBroken)
	}
	var head [20]byte
	if n, err := unix.Pread(fd, head[:], 0); n < len(head) || string(head[:8]) != magic {
		return nil, 0, 0, fmt.Errorf("%w: expected it to begin with %q, found %q (%v)", errBroken, magic, head[:max(n, 0)], err)
	}
	version := binary.LittleEndian.Uint32(head[8:])
	n, size := binary.LittleEndian.Uint32(head[12:]), binary.LittleEndian.Uint32(head[16:])
	switch {
	case version != protocol:
		return nil, 0, 0, fmt.Errorf("%w: expected protocol %d, found %d", errBroken, protocol, version)
	case n == 0 || n > maxSlots || size < minSlotSize || size > maxSlotSize || size%8 != 0 || int64(slotsAt)+2*int64(n)*int64(size) != st.Size:
		return nil, 0, 0, fmt.Errorf("%w: %d slots of %d bytes in a file of %d", errBroken, n, size, st.Size)
	}
	memory, err = unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return nil, 0, 0, os.NewSyscallError("mmap", err)
	}
	return memory, int(n), int(size), nil
}

func unmap(memory []byte) { unix.Munmap(memory) } // fails only for what is no mapping

// sendFile sends bytes, and a file with them.
func sendFile(conn *net.UnixConn, b []byte, file *os.File) error {
	_, _, err := conn.WriteMsgUnix(b, unix.UnixRights(int(file.Fd())), nil)
	return err
}

// receiveFile reads up to len(b) bytes, and the file that came with them, or nil.
func receiveFile(conn *net.UnixConn, b []byte) (n int, file *os.File, err error) {
	oob := make([]byte, unix.CmsgSpace(4*4))
	n, oobn, _, _, err := conn.ReadMsgUnix(b, oob)
	if err != nil {
		return n, nil, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return n, nil, err
	}
	for _, message := range messages {
		fds, err := unix.ParseUnixRights(&message)
		if err != nil {
			continue // of another kind
		}
		for _, fd := range fds {
			if file == nil {
				unix.CloseOnExec(fd)
				file = os.NewFile(uintptr(fd), "samebytes calls")
			} else {
				unix.Close(fd) // only one was asked for
			}
		}
	}
	return n, file, nil
}

// peer returns the user and process on the other side of a socket.
func peer(conn *net.UnixConn) (uid, pid int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, 0, err
	}
	var credentials *unix.Ucred
	if failed := raw.Control(func(fd uintptr) {
		credentials, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); failed != nil {
		return 0, 0, failed
	}
	if err != nil {
		return 0, 0, os.NewSyscallError("getsockopt SO_PEERCRED", err)
	}
	return int(credentials.Uid), int(credentials.Pid), nil
}

// socketPair returns a connection, and the other end of it as a file for a child process.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	ours := os.NewFile(uintptr(fds[0]), "samebytes control")
	defer ours.Close() // FileConn has a descriptor of its own
	theirs := os.NewFile(uintptr(fds[1]), "samebytes control")
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return conn.(*net.UnixConn), theirs, nil
}
