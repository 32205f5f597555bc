package shm

import (
	"bytes"
	"fmt"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// open opens what stands at the path and checks that it may be read as an array: a regular file and, for a named segment,
// this user's own under this one name, unless others are trusted.
func open(path string, named bool, o attachment) (file, fileInfo, error) {
	f, err := openFile(path, o.writable)
	if err != nil {
		return f, fileInfo{}, err
	}
	info, err := f.stat()
	if err == nil {
		err = info.check(named, o.trust)
	}
	if err != nil {
		f.close()
		return f, info, err
	}
	return f, info, nil
}

// check says why the file is not to be mapped. Whose it is, who may write it and how many links it has matters only in the
// directory of segments, where others may write: a path is the caller's own choice.
func (i fileInfo) check(named, trust bool) error {
	switch {
	case !i.regular:
		return fmt.Errorf("%w: expected a regular file, found %s", ErrAccess, i.kind)
	case !named:
		return nil
	case i.links == 0:
		return fmt.Errorf("%w: deleted while opening", ErrNotExist)
	case i.links > 1:
		return fmt.Errorf("%w: expected one name for the file, found %d hard links", ErrAccess, i.links)
	case trust:
		return nil
	case i.foreign:
		return fmt.Errorf("%w: expected a file of this user, found one of user %d; to trust it must be asked for", ErrAccess, i.owner)
	case i.mode&worldWritable != 0:
		return fmt.Errorf("%w: expected a file that not everybody may write, found mode %04o; to trust it must be asked for", ErrAccess, i.mode)
	}
	return nil
}

const worldWritable = 0o002

// readHeader returns a file's header and its bytes. All is read by system calls, which a file that is cut meanwhile makes
// fail, where a mapping would fault.
func (f file) readHeader(size int) (npy.Header, []byte, error) {
	head := make([]byte, min(size, pageSize))
	if err := f.readAt(head, 0); err != nil {
		return npy.Header{}, nil, err
	}
	n, err := npy.HeaderSize(head)
	if err != nil {
		return npy.Header{}, nil, err
	}
	if n > size {
		return npy.Header{}, nil, fmt.Errorf("%w: expected a header of %d bytes, found a file of %d", npy.ErrTruncated, n, size)
	}
	if n > len(head) {
		head = make([]byte, n)
		if err := f.readAt(head, 0); err != nil {
			return npy.Header{}, nil, err
		}
	}
	head = head[:n]
	h, err := npy.Parse(head)
	return h, head, err
}

// read returns the file's content, with every number checked against the others and against the file's size, and the
// header's bytes. Where only the dtype of the elements is missing, all of it stands beside the error, which is
// ndarray.ErrDType; the header says in Descr what they are, and how large they are only a control block does.
func (f file) read(size int) (content, []byte, error) {
	h, head, typeErr := f.readHeader(size)
	if typeErr != nil && h.Descr == "" {
		return content{}, nil, typeErr
	}
	c := content{header: h, nbytes: h.NBytes()}
	if found := size - len(head); c.nbytes > found {
		return content{}, nil, fmt.Errorf("%w: expected %d bytes of elements for shape %v of %v, found %d",
			npy.ErrTruncated, c.nbytes, h.Shape, h.DType, found)
	}
	var err error
	if c.control, c.controlOffset, err = f.readControl(size); err != nil {
		return content{}, nil, err
	}
	if c.controlOffset != 0 {
		if err := c.check(head); err != nil {
			return content{}, nil, err
		}
	}
	return c, head, typeErr
}

// check says whether the control block belongs to the header.
// The errors are ErrBroken and ndarray.ErrShape.
func (c *content) check(head []byte) (err error) {
	h, itemSize := c.header, c.header.DType.Size()
	if h.Descr != "" {
		itemSize = int(c.control.ItemSize)
		if _, c.nbytes, err = ndarray.Size(h.Shape, itemSize); err != nil {
			return err
		}
	}
	if err := c.control.check(len(head), len(h.Shape), itemSize, c.nbytes); err != nil {
		return err
	}
	if ring := int(c.control.Ring); ring != 0 && ring != h.Shape[0] {
		return fmt.Errorf("%w: control block says %d slots, header has shape %v", ErrBroken, ring, h.Shape)
	}
	if length := int(c.control.Length); length != 0 && length != npy.LengthOffset(head) {
		return fmt.Errorf("%w: control block says that the length is at %d, header has it at %d", ErrBroken, length, npy.LengthOffset(head))
	}
	return nil
}

// readControl returns the control block and the offset of the tables, or 0 when the file has none.
func (f file) readControl(size int) (controlBlock, int, error) {
	page := make([]byte, min(size, controlSize))
	if err := f.readAt(page, size-len(page)); err != nil {
		return controlBlock{}, 0, err
	}
	c, found, err := decodeControl(page, size)
	if err != nil || !found {
		return controlBlock{}, 0, err
	}
	return c, int(c.ControlOffset), nil
}

// unlinkIfSame takes back the path that was given to a new file, unless another file has it by now.
func (f file) unlinkIfSame(path string) {
	if f.isAt(path) {
		unlink(path) // the error that led here says it all
	}
}

// isAt reports whether the path is the file's.
func (f file) isAt(path string) bool {
	g, err := openFile(path, false)
	if err != nil {
		return false
	}
	defer g.close()
	mine, err := f.stat()
	return err == nil && g.is(mine.id)
}

// is reports whether the descriptor is open on that file.
func (f file) is(id fileID) bool {
	info, err := f.stat()
	return err == nil && info.id == id
}

// same checks that a file that is mapped already still holds what it held. Of a segment the mapping's own copy counts, whatever
// was written over it; a plain file has no id, and another program may have put another array there.
func (f file) same(m *mapping, size int) error {
	if size != len(m.bytes) {
		return fmt.Errorf("%w: mapped with %d bytes, the file has %d now", ErrBroken, len(m.bytes), size)
	}
	if m.content.controlOffset != 0 {
		return nil
	}
	head := make([]byte, len(m.head))
	if err := f.readAt(head, 0); err != nil {
		return err
	}
	if !bytes.Equal(head, m.head) {
		return fmt.Errorf("%w: the header was replaced since the file was mapped", ErrBroken)
	}
	return nil
}
