//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

const spareRows = 1 << 16 // of float64: more than is not worth it

// spareSegments is a directory whose file system does not give a deleted file's inode number to the next.
func spareSegments(t *testing.T) string {
	t.Helper()
	segments(t)
	dir, err := os.MkdirTemp("/dev/shm", "samebytes-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SAMEBYTES_DIR", dir)
	t.Cleanup(func() { os.RemoveAll(dir) })
	keepSpares(t)
	return dir
}

func keepSpares(t *testing.T) {
	t.Helper()
	if err := shm.SetSpare(64 << 20); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shm.SetSpare(0) })
}

func temporary[T ndarray.Element](t *testing.T, shape []int, opts ...shm.CreateOption) *shm.Array[T] {
	t.Helper()
	a, err := shm.New[T](shape, opts...)
	return closed(t, a, err)
}

func fill[T ndarray.Element](a *shm.Array[T], value T) {
	for i := range a.Data() {
		a.Data()[i] = value
	}
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}

func spares(t *testing.T, dir string) []string {
	return slices.DeleteFunc(namesIn(t, dir), func(name string) bool { return !strings.HasPrefix(name, ".samebytes-spare-") })
}

func TestSpareMemoryIsTheNextOfItsSize(t *testing.T) {
	dir := spareSegments(t)
	a := temporary[int32](t, []int{spareRows, 2})
	fill(a, 7)
	a.Publish()
	file, id := inode(t, a.Path()), a.ID()
	if err := a.Close(); err != nil || len(spares(t, dir)) != 1 || len(namesIn(t, dir)) != 1 {
		t.Fatal(err, namesIn(t, dir))
	}
	if all, err := shm.List(); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	b := temporary[float64](t, []int{spareRows})
	if got := namesIn(t, dir); !slices.Equal(got, []string{b.Name()}) || inode(t, b.Path()) != file {
		t.Fatalf("%v, another file than %d", got, file)
	}
	if b.ID() == id || b.Version() != 0 || b.Name() == a.Name() {
		t.Error("the segment has something of the one before")
	}
	for i := range spareRows {
		if x := b.At(i); x != 0 {
			t.Fatalf("element %d is %v", i, x)
		}
	}
	g, err := b.Lock(background, ndarray.Range(2, 5))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := shm.Stat(b.Name()); err != nil || len(info.Participants) != 1 || len(info.Locks) != 1 || !info.Temporary {
		t.Errorf("%+v, %v", info, err)
	}
	unlock(t, g)
	head, err := os.ReadFile(b.Path())
	if err != nil {
		t.Fatal(err)
	}
	if h, err := npy.Parse(head[:4096]); err != nil || !slices.Equal(h.Shape, []int{spareRows}) {
		t.Errorf("%v, %v", h, err)
	}
}

func TestSpareMemoryUninitialized(t *testing.T) {
	spareSegments(t)
	a := temporary[float64](t, []int{spareRows})
	fill(a, 7)
	a.Close()
	b := temporary[float64](t, []int{spareRows}, shm.Uninitialized())
	if b.At(0) != 7 || b.At(spareRows-1) != 7 {
		t.Error("the elements were cleared")
	}
}

// TestSpareMemoryHasNoReader lets readers, of this package and others, keep what they read.
func TestSpareMemoryHasNoReader(t *testing.T) {
	for name, read := range map[string]func(a *shm.Array[float64]) (at func(i int) float64){
		"attached": func(a *shm.Array[float64]) func(int) float64 {
			r := attach[float64](t, a.Name(), shm.ReadOnly())
			return func(i int) float64 { return r.At(i) }
		},
		"mapped": func(a *shm.Array[float64]) func(int) float64 {
			f, err := os.Open(a.Path())
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			b, err := syscall.Mmap(int(f.Fd()), 0, 4096+8*spareRows, syscall.PROT_READ, syscall.MAP_SHARED)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { syscall.Munmap(b) })
			return func(i int) float64 { return float64(b[4096+8*i+7]) } // of 2 and 3 alike 0x40
		},
	} {
		t.Run(name, func(t *testing.T) {
			spareSegments(t)
			a := temporary[float64](t, []int{spareRows})
			fill(a, 2)
			at := read(a)
			want, file := at(5), inode(t, a.Path())
			a.Close()
			b := temporary[float64](t, []int{spareRows})
			if inode(t, b.Path()) == file || at(5) != want {
				t.Errorf("a reader saw %v become %v", want, at(5))
			}
		})
	}
}

// TestSpareMemoryHasNoParticipant has another process go on with a segment that its maker has closed.
func TestSpareMemoryHasNoParticipant(t *testing.T) {
	dir := spareSegments(t)
	a := temporary[float64](t, []int{spareRows})
	_, out := startChild(t, "hold "+a.Name())
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if got := namesIn(t, dir); !slices.Equal(got, []string{a.Name()}) {
		t.Errorf("%v while another process has it", got)
	}
}

func TestSpareMemoryOfTheKilledIsCollected(t *testing.T) {
	dir := spareSegments(t)
	c, out := startChild(t, fmt.Sprint("spare ", spareRows))
	if _, err := out.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if dead, err := shm.GC(false); err != nil || len(dead) != 0 || len(spares(t, dir)) != 1 {
		t.Fatal(dead, err, namesIn(t, dir))
	}
	c.Process.Kill()
	c.Wait()
	if dead, err := shm.GC(true); err != nil || len(dead) != 1 || len(spares(t, dir)) != 1 {
		t.Fatal(dead, err, "a dry run deleted")
	}
	if dead, err := shm.GC(false); err != nil || len(dead) != 1 || len(namesIn(t, dir)) != 0 {
		t.Fatal(dead, err, namesIn(t, dir))
	}
}

func TestSpareMemoryMakesRoom(t *testing.T) {
	dir := smallSegments(t, "size=4m")
	keepSpares(t)
	temporary[byte](t, []int{3 << 20}).Close()
	if len(spares(t, dir)) != 1 {
		t.Fatal(namesIn(t, dir))
	}
	create[byte](t, "x", []int{3 << 20})
	if got := namesIn(t, dir); !slices.Equal(got, []string{"x"}) {
		t.Error(got)
	}
}

// TestSpareMemoryThatSomebodyChanged looks at a spare file that was deleted, cut, or linked to.
func TestSpareMemoryThatSomebodyChanged(t *testing.T) {
	dir := spareSegments(t)
	for name, harm := range map[string]func(path string) error{
		"deleted": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 0) },
		"linked":  func(path string) error { return os.Link(path, filepath.Join(dir, "other")) },
	} {
		temporary[float64](t, []int{spareRows}).Close()
		path := filepath.Join(dir, spares(t, dir)[0])
		file := inode(t, path)
		if err := harm(path); err != nil {
			t.Fatal(err)
		}
		a := temporary[float64](t, []int{spareRows})
		fill(a, 1)
		if inode(t, a.Path()) == file || len(spares(t, dir)) != 0 {
			t.Errorf("%s: used again, or left", name)
		}
		a.Close()
		shm.SetSpare(0)
		shm.SetSpare(64 << 20)
	}
}

func TestSpareMemoryIsKeptOnRequest(t *testing.T) {
	dir := spareSegments(t)
	for _, c := range []struct{ limit, kept int }{{0, 0}, {1 << 20, 1}, {64 << 20, 2}} {
		if err := shm.SetSpare(c.limit); err != nil {
			t.Fatal(err)
		}
		a, b := temporary[float64](t, []int{spareRows}), temporary[float64](t, []int{spareRows})
		a.Close()
		b.Close()
		if got := namesIn(t, dir); len(got) != c.kept || len(spares(t, dir)) != c.kept {
			t.Errorf("limit %d: %v", c.limit, got)
		}
	}
	if err := shm.SetSpare(0); err != nil || len(namesIn(t, dir)) != 0 {
		t.Error(err, namesIn(t, dir))
	}
	if err := shm.SetSpare(-1); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
}

// TestM01SpareUsedAfterClose uses elements after Close while the memory is kept, and when it is another segment's.
func TestM01SpareUsedAfterClose(t *testing.T) {
	spareSegments(t)
	a := temporary[int64](t, []int{spareRows})
	stale, id := a.Data(), a.ID()
	a.Close()
	use := func() { stale[5] = 42 }
	if err := shm.Guarded(use); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("kept: %v, want ErrClosed", err)
	}
	b := temporary[int64](t, []int{spareRows})
	if err := shm.Guarded(use); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("used again: %v, want ErrClosed", err)
	}
	if b.At(5) != 0 || a.ID() != id || b.ID() == id {
		t.Error("the closed array and the new one have something in common")
	}
}

func TestSpareMemoryHasTheModeAsked(t *testing.T) {
	dir := spareSegments(t)
	temporary[int64](t, []int{spareRows}).Close()
	if err := os.Chmod(filepath.Join(dir, spares(t, dir)[0]), 0o666); err != nil {
		t.Fatal(err)
	}
	a := temporary[int64](t, []int{spareRows})
	if info, err := shm.Stat(a.Name()); err != nil || info.Mode != 0o600 {
		t.Errorf("%v, %v", info.Mode, err)
	}
}

// TestNoSpaceCollects fills the file system with what a killed process left, and then with what it kept.
func TestNoSpaceCollects(t *testing.T) {
	dir := smallSegments(t, "size=4m")
	for _, what := range []string{"temporary", "spare"} {
		c, out := startChild(t, fmt.Sprint(what, " ", 5<<16))
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		c.Process.Kill()
		c.Wait()
		if len(namesIn(t, dir)) != 1 {
			t.Fatal(namesIn(t, dir))
		}
		if dead, err := shm.GC(true); err != nil || len(dead) != 1 || dead[0].Size < 8*5<<16 {
			t.Errorf("%s: %+v, %v", what, dead, err)
		}
		a := create[byte](t, what, []int{3 << 20})
		if got := namesIn(t, dir); !slices.Equal(got, []string{what}) {
			t.Errorf("%s: %v", what, got)
		}
		if err := errors.Join(a.Close(), shm.Delete(what)); err != nil {
			t.Fatal(err)
		}
	}
}

func init() {
	// makes spare memory for that many rows, and keeps it until killed.
	children["spare"] = func() {
		rows := must(strconv.Atoi(childArgs[0]))
		if err := shm.SetSpare(64 << 20); err != nil {
			panic(err)
		}
		must(shm.New[float64]([]int{rows})).Close()
		fmt.Println("kept")
		forever()
	}
	// makes a temporary segment of that many rows, and keeps it until killed.
	children["temporary"] = func() {
		a := must(shm.New[float64]([]int{must(strconv.Atoi(childArgs[0]))}))
		fmt.Println(a.Name())
		forever()
	}
}
