//go:build !linux

package shm

// Without Linux there is no shared memory of this kind: all that would open a file is ErrUnsupported, and the rest is
// never reached.

type (
	file     struct{}
	fileID   struct{}
	fileInfo struct {
		id       fileID
		size     int
		modified int64
		regular  bool
		kind     string
		owner    uint32
		foreign  bool
		links    uint64
		mode     uint32
	}
)

var noFile file

func (fileID) bytes() [16]byte                 { return [16]byte{} }
func openFile(string, bool) (file, error)      { return file{}, ErrUnsupported }
func lookAt(string) (fileInfo, error)          { return fileInfo{}, ErrUnsupported }
func newFile(string, uint32) (file, error)     { return file{}, ErrUnsupported }
func (file) close()                            {}
func (file) reserve(int, string) error         { return ErrUnsupported }
func (file) reserveHuge(int, string) error     { return ErrUnsupported }
func (file) stat() (fileInfo, error)           { return fileInfo{}, ErrUnsupported }
func (file) readAt([]byte, int) error          { return ErrUnsupported }
func (file) writeAt([]byte, int) error         { return ErrUnsupported }
func (file) mmap(int, bool) ([]byte, error)    { return nil, ErrUnsupported }
func (file) link(string) error                 { return ErrUnsupported }
func (file) setMode(uint32) error              { return ErrUnsupported }
func moveAway([]byte) ([]byte, bool, error)    { return nil, false, ErrUnsupported }
func (file) alone() bool                       { return false }
func (file) reopen() (file, error)             { return file{}, ErrUnsupported }
func (file) lockBytes(int, int) (bool, error)  { return false, ErrUnsupported }
func (file) shareByte(int)                     {}
func (file) unlockBytes(int, int)              {}
func (file) lockedBytes(int, int) (int, error) { return 0, ErrUnsupported }
func forbid([]byte) error                      { return ErrUnsupported }
func unmap([]byte) error                       { return ErrUnsupported }
func exists(string) bool                       { return false }
func names() ([]string, error)                 { return nil, ErrUnsupported }
func rename(string, string) error              { return ErrUnsupported }
func unlink(string) error                      { return ErrUnsupported }
