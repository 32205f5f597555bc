package npy_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// TestWriteFileInPlace writes to what must not be replaced.
func TestWriteFileInPlace(t *testing.T) {
	dir := t.TempDir()
	a := ndarray.Arange(int8(0), 3, 1)
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte)
	go func() {
		b, _ := os.ReadFile(fifo)
		got <- b
	}()
	if err := npy.WriteFile(fifo, a); err != nil {
		t.Fatal(err)
	}
	if info := must(os.Lstat(fifo)); info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe was replaced by %v", info.Mode())
	}
	if b := <-got; !bytes.Equal(b, written(t, a)) {
		t.Errorf("got %q through the pipe", b)
	}

	fd, err := unix.MemfdCreate("memory", 0)
	if err != nil {
		t.Skip(err)
	}
	memory := os.NewFile(uintptr(fd), "memory")
	defer memory.Close()
	must(memory.Write(make([]byte, 1000)))
	link := filepath.Join(dir, "link")
	if err := os.Symlink("/proc/self/fd/"+strconv.Itoa(fd), link); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(link, a); err != nil {
		t.Fatal(err)
	}
	must(memory.Seek(0, io.SeekStart))
	if b := must(io.ReadAll(memory)); !bytes.Equal(b, written(t, a)) {
		t.Errorf("got %q in the file without a name", b)
	}
	if err := npy.WriteFile(dir, a); !errors.Is(err, unix.EISDIR) {
		t.Errorf("a directory: got %v", err)
	}
	if err := npy.WriteFile(os.DevNull, a); err != nil {
		t.Error(err)
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 2 {
		t.Error(entries)
	}
}

// TestReplaceLeavesNothing ends writing in ways that return no error.
func TestReplaceLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npz")
	before := descriptors(t)
	for _, end := range []func(){
		func() { npy.CreateZip(path, func(*npy.ZipWriter) error { panic("callback") }) },
		func() { npy.CreateZip(path, func(*npy.ZipWriter) error { runtime.Goexit(); return nil }) },
		func() { npy.WriteFile(path, ndarray.New[int8](3), npy.Format{Align: 3}) },
	} {
		done := make(chan any)
		go func() {
			defer func() { done <- recover() }()
			end()
		}()
		<-done
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 0 || descriptors(t) != before {
		t.Errorf("%v are left, %d descriptors, %d before", entries, descriptors(t), before)
	}
}

// TestNotRegular maps, and appends to, what would wait for ever.
func TestNotRegular(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := npy.MapAny(fifo, npy.ReadOnly); !errors.Is(err, ndarray.ErrLayout) {
		t.Error(err)
	}
	if err := npy.Append(fifo, ndarray.New[int8](3)); !errors.Is(err, ndarray.ErrLayout) {
		t.Error(err)
	}
}

// room is the size of files that limited allows: more than what the test's own log, which go test keeps, comes to.
const room = 16 << 20

// limited lets this process write files of no more bytes than room until the returned function is called.
func limited(t *testing.T) (unlimited func()) {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: room, Max: old.Max}); err != nil {
		t.Skip(err)
	}
	return func() {
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
			t.Fatal(err)
		}
		signal.Reset(unix.SIGXFSZ)
	}
}

// TestAppendToFull appends where there is no room for all.
func TestAppendToFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := npy.WriteFile(path, ndarray.Arange(int8(0), 3, 1)); err != nil {
		t.Fatal(err)
	}
	unlimited := limited(t)
	err := npy.Append(path, ndarray.New[int8](room))
	unlimited()
	if !errors.Is(err, unix.EFBIG) {
		t.Errorf("got %v, want EFBIG", err)
	}
	if got := must(os.ReadFile(path)); !bytes.Equal(got, written(t, ndarray.Arange(int8(0), 3, 1))) {
		t.Errorf("%d bytes are left", len(got))
	}
}

// TestWriterOfFull keeps the rows before a Write that fails.
func TestWriterOfFull(t *testing.T) {
	file := must(os.Create(filepath.Join(t.TempDir(), "a.npy")))
	defer file.Close()
	w := must(npy.NewWriter[int8](file, npy.Unknown, nil))
	unlimited := limited(t)
	err := errors.Join(w.Write(ndarray.Arange(int8(0), 7, 1)), w.Write(ndarray.New[int8](room)))
	unlimited()
	if !errors.Is(err, unix.EFBIG) {
		t.Errorf("got %v, want EFBIG", err)
	}
	for range 2 {
		if err := w.Close(); !errors.Is(err, unix.EFBIG) {
			t.Errorf("Close: got %v, want EFBIG", err)
		}
	}
	if got := must(npy.ReadFile[int8](file.Name())); !ndarray.ArrayEqual(got, ndarray.Arange(int8(0), 7, 1)) {
		t.Errorf("got %v", got)
	}
}

// TestWriterOfAppendOnly refuses a file whose header would land at its end.
func TestWriterOfAppendOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	file := must(os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600))
	defer file.Close()
	if _, err := npy.NewWriter[int8](file, npy.Unknown, nil); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("got %v, want ErrLayout", err)
	}
	if info := must(file.Stat()); info.Size() != 0 {
		t.Errorf("%d bytes were written", info.Size())
	}
}

// TestWriteFileReplaces looks at what becomes of the old file, its owner and its other names.
func TestWriteFileReplaces(t *testing.T) {
	dir := t.TempDir()
	a, b := ndarray.Arange(int8(0), 3, 1), ndarray.Arange(int8(0), 5, 1)
	path, other := filepath.Join(dir, "a.npy"), filepath.Join(dir, "other.npy")
	if err := errors.Join(npy.WriteFile(path, a), os.Link(path, other), os.Chmod(path, 0o604)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, 1234, 5678); err != nil {
			t.Fatal(err)
		}
	}
	before := must(os.Stat(path)).Sys().(*syscall.Stat_t)
	if err := npy.WriteFile(path, b); err != nil {
		t.Fatal(err)
	}
	after := must(os.Stat(path)).Sys().(*syscall.Stat_t)
	if after.Uid != before.Uid || after.Gid != before.Gid || after.Mode != before.Mode || after.Ino == before.Ino {
		t.Errorf("got %+v, want another file like %+v", after, before)
	}
	if got := must(npy.ReadFile[int8](other)); !ndarray.ArrayEqual(got, a) {
		t.Errorf("the other name has %v, want the old content", got)
	}

	links := t.TempDir()
	for from, to := range map[string]string{"first": "sub/../second", "second": filepath.Join(dir, "new.npy"), "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(links, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(links, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := npy.WriteFile(filepath.Join(links, "first"), b); err != nil {
		t.Error(err)
	}
	if got := must(npy.ReadFile[int8](filepath.Join(dir, "new.npy"))); !ndarray.ArrayEqual(got, b) {
		t.Errorf("where the link pointed to: got %v", got)
	}
	if info := must(os.Lstat(filepath.Join(links, "first"))); info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced by %v", info.Mode())
	}
	if err := npy.WriteFile(filepath.Join(links, "loop"), b); !errors.Is(err, unix.ELOOP) {
		t.Errorf("got %v, want ELOOP", err)
	}
}

// TestWriteFileNames writes to names of every length, and to none.
func TestWriteFileNames(t *testing.T) {
	dir := t.TempDir()
	a := ndarray.Arange(int8(0), 3, 1)
	for _, name := range []string{"a", strings.Repeat("n", 238), strings.Repeat("n", 239), strings.Repeat("n", 255), strings.Repeat("é", 127) + "x"} {
		for range 2 { // made, and replaced
			if err := npy.WriteFile(filepath.Join(dir, name), a); err != nil {
				t.Errorf("%d bytes: %v", len(name), err)
			}
		}
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 5 {
		t.Error(entries)
	}
	if err := npy.WriteFile(filepath.Join(dir, strings.Repeat("n", 256)), a); !errors.Is(err, unix.ENAMETOOLONG) {
		t.Errorf("got %v, want ENAMETOOLONG", err)
	}
	t.Chdir(dir)
	if err := npy.WriteFile("", a); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
	if err := npy.WriteFile("dir/", a); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want ErrNotExist", err)
	}
}

// TestWriteFileReadOnly keeps a file that may not be written to, in a directory that may.
func TestWriteFileReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a := ndarray.Arange(int8(0), 3, 1)
	if err := errors.Join(npy.WriteFile(path, a), os.Chmod(path, 0o444)); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine, and what it was not allowed with it
		header, none := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
		if err := unix.Capset(&header, &none[0]); err != nil {
			t.Error(err)
		}
		failed <- npy.WriteFile(path, ndarray.New[int8](5))
	}()
	if err := <-failed; !errors.Is(err, os.ErrPermission) {
		t.Errorf("got %v, want ErrPermission", err)
	}
	if got := must(npy.ReadFile[int8](path)); !ndarray.ArrayEqual(got, a) {
		t.Errorf("got %v", got)
	}
	if entries := must(os.ReadDir(filepath.Dir(path))); len(entries) != 1 {
		t.Error(entries)
	}
}
