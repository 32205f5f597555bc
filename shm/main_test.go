//go:build linux

package shm_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

// TestMain runs a child's part when a test started this binary as another process.
func TestMain(m *testing.M) {
	if part := os.Getenv("SHM_TEST_CHILD"); part != "" {
		words := strings.Fields(part)
		childArgs = words[1:]
		children[words[0]]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childArgs are the words behind a child's part.
var childArgs []string

// startChild runs a part of children, with the words behind it, in a process of its own, changed before it starts. It is killed
// when the test ends, and returned with what it prints.
func startChild(t *testing.T, part string, changes ...func(*exec.Cmd)) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "SHM_TEST_CHILD="+part)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	for _, change := range changes {
		change(c)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return c, bufio.NewReader(out)
}

// segments gives the test a directory of segments of its own. At its end, whatever is there must be whole, and nothing of
// it mapped or open.
func segments(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("SAMEBYTES_DIR", dir)
	t.Cleanup(func() {
		shm.SetWarm(0)
		shm.SetWarm(128 << 20)
		shm.LetGo(dir)
		for _, leak := range leaks(t, dir) {
			t.Errorf("left behind: %s", leak)
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Error(err)
		}
		for _, e := range entries {
			if e.Name() == ".samebytes" { // the domain's
				continue
			}
			if _, err := shm.Stat(e.Name()); err != nil && !errors.Is(err, shm.ErrAccess) {
				t.Errorf("not whole: %v", err)
			}
		}
	})
	return dir
}

// leaks returns the mappings and descriptors of this process that lie in the directory.
func leaks(t *testing.T, dir string) []string {
	t.Helper()
	found := mapped(t, dir)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, dir) {
			found = append(found, "descriptor of "+to)
		}
	}
	return found
}

// mapped returns the lines of this process's mappings that name the path or what is in it.
func mapped(t *testing.T, path string) []string {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, path) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// create makes an array that is closed when the test ends.
func create[T ndarray.Element](t *testing.T, name string, shape []int, opts ...shm.CreateOption) *shm.Array[T] {
	t.Helper()
	a, err := shm.Create[T](name, shape, opts...)
	return closed(t, a, err)
}

// attach opens an array that is closed when the test ends.
func attach[T ndarray.Element](t *testing.T, name string, opts ...shm.AttachOption) *shm.Array[T] {
	t.Helper()
	a, err := shm.Attach[T](name, opts...)
	return closed(t, a, err)
}

func closed[T ndarray.Element](t *testing.T, a *shm.Array[T], err error) *shm.Array[T] {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil && !errors.Is(err, shm.ErrClosed) {
			t.Error(err)
		}
	})
	return a
}

func writeFile(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// children are what the binary does in a process of its own.
var children = map[string]func(){
	// creates, and deletes, until killed, having said that it began.
	"create": func() {
		fmt.Println("ready")
		for i := 0; ; i++ {
			name := fmt.Sprintf("n%d", i%4)
			if a, err := shm.Create[float64](name, []int{64, 64}); err == nil {
				a.Set(1, 63, 63)
				a.Close()
			}
			shm.Delete(fmt.Sprintf("n%d", (i+2)%4))
		}
	},
	// waits for each version and says so.
	"wait": func() {
		a, err := shm.Attach[float64]("x", shm.ReadOnly())
		if err != nil {
			panic(err)
		}
		fmt.Println("ready")
		for seen := uint64(0); ; {
			if seen, err = a.Wait(background, seen); err != nil {
				panic(err)
			}
			fmt.Println(seen, a.At(0))
		}
	},
	// publishes until killed.
	"publish": func() {
		a, err := shm.Attach[float64]("x")
		if err != nil {
			panic(err)
		}
		fmt.Println("ready")
		for {
			if _, err := a.Publish(); err != nil {
				panic(err)
			}
		}
	},
}

func pathOf(dir, name string) string { return filepath.Join(dir, name) }

// patch overwrites bytes of a file; a negative offset counts from the end.
func patch(t *testing.T, path string, off int, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if off < 0 {
		size, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			t.Fatal(err)
		}
		off += int(size)
	}
	if _, err := f.WriteAt(b, int64(off)); err != nil {
		t.Fatal(err)
	}
}
