package kern

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

// A fence is memory before and after which nothing can be read.
type fence []byte

func newFence(t *testing.T, nbytes int) fence {
	page := os.Getpagesize()
	nbytes = (nbytes + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, nbytes+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, closed := range [][]byte{all[:page], all[page+nbytes:]} {
		if err := syscall.Mprotect(closed, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return fence(all[page : page+nbytes])
}

// eachFenced calls try with copies of data right behind the first limit, and right before the other.
func eachFenced[T any](f fence, data []T, try func(data []T)) {
	nbytes := len(data) * int(unsafe.Sizeof(*new(T)))
	for _, at := range []int{0, len(f) - nbytes} {
		fresh := unsafe.Slice((*T)(unsafe.Pointer(&f[at])), len(data))
		copy(fresh, data)
		try(fresh)
	}
}
