//go:build linux

package shm_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

func TestCreateAndAttachShareBytes(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{3, 4})
	b := attach[float64](t, "x")
	a.Set(7, 2, 3)
	if got := b.At(2, 3); got != 7 {
		t.Errorf("got %v through the other opening, want 7", got)
	}
	if n := len(mapped(t, dir)); n != 1 {
		t.Errorf("%d mappings of one segment, want 1", n)
	}
	m, err := ndarray.Dense(b.Array)
	if err != nil {
		t.Fatal(err)
	}
	m.Scale(2, m)
	if got := a.At(2, 3); got != 14 {
		t.Errorf("got %v after gonum scaled it, want 14", got)
	}
	if a.Name() != "x" || a.Path() != pathOf(dir, "x") || a.ID() != b.ID() || a.ID() == [16]byte{} {
		t.Errorf("name %q, path %q, id %x and %x", a.Name(), a.Path(), a.ID(), b.ID())
	}
}

func TestEveryDType(t *testing.T) {
	segments(t)
	testDType(t, "bool", true)
	testDType[int8](t, "int8", -8)
	testDType[int16](t, "int16", -16)
	testDType[int32](t, "int32", -32)
	testDType[int64](t, "int64", -64)
	testDType[uint8](t, "uint8", 8)
	testDType[uint16](t, "uint16", 16)
	testDType[uint32](t, "uint32", 32)
	testDType[uint64](t, "uint64", 1<<63)
	testDType[float32](t, "float32", 1.5)
	testDType[float64](t, "float64", 2.5)
	testDType[complex64](t, "complex64", 1+2i)
	testDType[complex128](t, "complex128", 3-4i)
}

// testDType also proves that shapes without axes, without elements and in Fortran order are laid out as their header says.
func testDType[T interface {
	ndarray.Element
	comparable
}](t *testing.T, name string, v T) {
	t.Helper()
	for i, shape := range [][]int{{}, {0}, {5}, {2, 3}, {2, 0, 3}, {2, 3, 4}} {
		for _, fortran := range []bool{false, true} {
			var opts []shm.CreateOption
			if fortran {
				opts = append(opts, shm.Fortran())
			}
			name := fmt.Sprintf("%s-%d-%v", name, i, fortran)
			a := create[T](t, name, shape, opts...)
			b := attach[T](t, name)
			if !slices.Equal(b.Shape(), a.Shape()) || !slices.Equal(b.Strides(), a.Strides()) {
				t.Errorf("%s: created %v %v, attached %v %v", name, a.Shape(), a.Strides(), b.Shape(), b.Strides())
			}
			last := make([]int, len(shape))
			for k, n := range shape {
				last[k] = n - 1
			}
			if a.Len() > 0 {
				a.Set(v, last...)
				if got := b.At(last...); got != v {
					t.Errorf("%s: got %v, want %v", name, got, v)
				}
			}
			info, err := shm.Stat(name)
			if err != nil || info.DType != ndarray.DTypeOf[T]() || !slices.Equal(info.Shape, shape) || info.Plain {
				t.Errorf("%s: stat says %+v, %v", name, info, err)
			}
			if info.Fortran != (fortran && len(shape) > 1 && a.Len() > 0) || info.NBytes != a.Len()*info.DType.Size() {
				t.Errorf("%s: stat says %+v", name, info)
			}
		}
	}
}

func TestReadOnly(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{3})
	a.Set(5, 1)
	r := attach[float64](t, "x", shm.ReadOnly())
	if r.At(1) != 5 {
		t.Errorf("got %v, want 5", r.At(1))
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ndarray.ErrReadOnly) {
			t.Errorf("Set: panic with %v, want ErrReadOnly", err)
		}
	}()
	r.Set(6, 1)
}

func TestMode(t *testing.T) {
	dir := segments(t)
	defer syscall.Umask(syscall.Umask(0o777))
	for mode, opts := range map[fs.FileMode][]shm.CreateOption{0o600: nil, 0o640: {shm.Mode(0o640)}} {
		name := fmt.Sprintf("m%o", mode)
		create[float64](t, name, []int{3}, opts...)
		if st, err := os.Stat(pathOf(dir, name)); err != nil || st.Mode().Perm() != mode {
			t.Errorf("%v, %v, want %v", st.Mode(), err, mode)
		}
	}
}

func TestDeletedGoesOn(t *testing.T) {
	dir := segments(t)
	old := create[float64](t, "x", []int{3})
	old.Set(1, 0)
	if err := shm.Delete("x"); err != nil {
		t.Fatal(err)
	}
	young := create[float64](t, "x", []int{3})
	young.Set(2, 0)
	if old.At(0) != 1 || attach[float64](t, "x").At(0) != 2 || old.ID() == young.ID() {
		t.Errorf("old %v, young %v: mixed", old.At(0), young.At(0))
	}
	if n := len(mapped(t, dir)); n != 2 {
		t.Errorf("%d mappings, want the old and the new one", n)
	}
}

func TestClose(t *testing.T) {
	dir := segments(t)
	shm.SetWarm(0)
	a := create[float64](t, "x", []int{3})
	b := attach[float64](t, "x")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b.Set(1, 1) // still mapped
	if err := a.Close(); !errors.Is(err, shm.ErrClosed) || !errors.Is(err, fs.ErrClosed) {
		t.Errorf("closed twice: %v, want ErrClosed", err)
	}
	if _, err := a.Publish(); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("publish: %v, want ErrClosed", err)
	}
	if _, err := a.Wait(background, 0); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("wait: %v, want ErrClosed", err)
	}
	if a.Len() != 0 && len(a.Shape()) != 0 {
		t.Errorf("shape %v after Close", a.Shape())
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if found := mapped(t, dir); len(found) != 0 {
		t.Errorf("still mapped: %v", found)
	}
}

func TestCreateFile(t *testing.T) {
	segments(t)
	path := pathOf(t.TempDir(), "on disk.npy")
	a, err := shm.CreateFile[int32](path, []int{2, 2})
	closed(t, a, err).Set(-9, 1, 1)
	if a.Name() != "" || a.Path() != path {
		t.Errorf("name %q, path %q", a.Name(), a.Path())
	}
	b, err := shm.AttachFile[int32](path)
	if closed(t, b, err).At(1, 1) != -9 {
		t.Errorf("got %v, want -9", b.At(1, 1))
	}
	if _, err := shm.CreateFile[int32](path, []int{1}); !errors.Is(err, shm.ErrExist) {
		t.Errorf("%v, want ErrExist", err)
	}
	if v, err := b.Publish(); err != nil || v != 1 || a.Version() != 1 {
		t.Errorf("published %d, %v", v, err)
	}
	link := pathOf(t.TempDir(), "link.npy")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := shm.AttachFile[int32](link); !errors.Is(err, shm.ErrAccess) {
		t.Errorf("%v, want ErrAccess", err)
	}
}

func TestAttachPlain(t *testing.T) {
	dir := segments(t)
	h, err := npy.NewHeader(ndarray.Float64, []int{2, 2}, false)
	if err != nil {
		t.Fatal(err)
	}
	head, err := h.Append(nil, 64)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, pathOf(dir, "plain"), append(head, make([]byte, 32)...))
	a := attach[float64](t, "plain")
	a.Set(3, 1, 1)
	if b := attach[float64](t, "plain"); b.At(1, 1) != 3 || b.Version() != 0 || b.ID() != [16]byte{} {
		t.Errorf("%v, version %d", b.At(1, 1), b.Version())
	}
	if info, err := shm.Stat("plain"); err != nil || !info.Plain || !info.Created.IsZero() {
		t.Errorf("%+v, %v", info, err)
	}
}

func TestAttachMisaligned(t *testing.T) {
	dir := segments(t)
	h, err := npy.NewHeader(ndarray.Float64, []int{1}, false)
	if err != nil {
		t.Fatal(err)
	}
	head, err := h.Append(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(head)%8 == 0 {
		t.Fatalf("a header of %d bytes proves nothing", len(head))
	}
	writeFile(t, pathOf(dir, "x"), append(head, make([]byte, 8)...))
	if _, err := shm.Attach[float64]("x"); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("%v, want ErrLayout", err)
	}
}

// TestReplacedWhileMapped overwrites a plain file in place with another header of the same length.
func TestReplacedWhileMapped(t *testing.T) {
	dir := segments(t)
	for _, d := range []ndarray.DType{ndarray.Float64, ndarray.Int64} {
		h, err := npy.NewHeader(d, []int{4}, false)
		if err != nil {
			t.Fatal(err)
		}
		head, err := h.Append(nil, 64)
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(pathOf(dir, "x"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(append(head, make([]byte, 32)...)); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if d == ndarray.Float64 {
			attach[float64](t, "x")
		} else if _, err := shm.Attach[int64]("x"); !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%v, want ErrBroken", err)
		}
	}
}

// TestS07CreatorsRace lets goroutines create one name at once: exactly one wins, and nobody attaches a half-made array.
func TestS07CreatorsRace(t *testing.T) {
	segments(t)
	const creators, rounds = 8, 200
	for range rounds {
		var winners, attached sync.Map
		var wg sync.WaitGroup
		for i := range creators {
			wg.Go(func() {
				a, err := shm.Create[float64]("x", []int{16})
				if err == nil {
					winners.Store(i, a)
				} else if !errors.Is(err, shm.ErrExist) {
					t.Errorf("%v, want ErrExist", err)
				}
				b, err := shm.Attach[float64]("x")
				if err != nil {
					t.Errorf("attach beside creators: %v", err)
				} else {
					attached.Store(i, b)
				}
			})
		}
		wg.Wait()
		n := 0
		ids := map[[16]byte]bool{}
		end := func(_, a any) bool {
			ids[a.(*shm.Array[float64]).ID()] = true
			a.(*shm.Array[float64]).Close()
			n++
			return true
		}
		winners.Range(end)
		if n != 1 {
			t.Fatalf("%d winners", n)
		}
		attached.Range(end)
		if len(ids) != 1 {
			t.Fatalf("%d ids", len(ids))
		}
		if err := shm.Delete("x"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestD16KilledWhileCreating kills a process that creates and deletes at random moments: every name that is left names a
// whole segment, which the helper checks, and nothing else is left in the directory.
func TestD16KilledWhileCreating(t *testing.T) {
	dir := segments(t)
	for i := range 50 {
		c, out := startChild(t, "create")
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		for range i * 20 { // a moment that differs from round to round, with work instead of sleep
			shm.List()
		}
		c.Process.Kill()
		c.Wait()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			a, err := shm.Attach[float64](e.Name())
			if err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
			a.Close()
		}
	}
}

// TestM09NothingLeaks creates, attaches, closes and deletes, and then looks for descriptors and mappings (the helper does).
func TestM09NothingLeaks(t *testing.T) {
	segments(t)
	for range 2000 {
		a, err := shm.Create[float64]("x", []int{16})
		if err != nil {
			t.Fatal(err)
		}
		b, err := shm.Attach[float64]("x", shm.ReadOnly())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shm.Attach[int64]("x"); !errors.Is(err, ndarray.ErrDType) {
			t.Fatal(err)
		}
		if err := errors.Join(a.Close(), shm.Delete("x"), b.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestH09EveryByteFlipped changes each byte of header and control block: an error, or the elements as they are.
func TestH09EveryByteFlipped(t *testing.T) {
	dir := segments(t)
	a := create[int32](t, "good", []int{3, 4})
	for i := range a.Data() {
		a.Data()[i] = int32(i)
	}
	good, err := os.ReadFile(pathOf(dir, "good"))
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := range good {
		if at >= 128 && at < 4000 || at >= 4096 && at < len(good)-4096 {
			continue // spaces, and elements
		}
		for _, value := range []byte{good[at] ^ 0xff, good[at] ^ 1, ' '} {
			bad := slices.Clone(good)
			bad[at] = value
			writeFile(t, pathOf(dir, "x"), bad)
			b, err := shm.Attach[int32]("x")
			if err != nil {
				refused++
				continue
			}
			if !slices.Equal(b.Data(), a.Data()[:b.Len()]) {
				t.Errorf("byte %d set to %d: elements %v", at, value, b.Data())
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if refused < 300 {
		t.Errorf("only %d refused", refused)
	}
	if err := os.Remove(pathOf(dir, "x")); err != nil {
		t.Fatal(err)
	}
}

func TestList(t *testing.T) {
	dir := segments(t)
	create[float64](t, "b", []int{2, 3})
	a := create[int16](t, "a", []int{4})
	a.Publish()
	writeFile(t, pathOf(dir, ".hidden"), nil)
	if err := os.Mkdir(pathOf(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	infos, err := shm.List()
	if err != nil || len(infos) != 2 || infos[0].Name != "a" || infos[1].Name != "b" {
		t.Fatalf("%+v, %v", infos, err)
	}
	if i := infos[0]; i.Version != 1 || i.NBytes != 8 || i.Size != 7*4096 || i.Mode != 0o600 || i.ID != a.ID() || i.Created.IsZero() {
		t.Errorf("%+v", i)
	}
	if err := os.Remove(pathOf(dir, "folder")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(pathOf(dir, ".hidden")); err != nil {
		t.Fatal(err)
	}
}

// TestStatWithoutDType describes a segment that Python made of elements of which Go has no dtype.
func TestStatWithoutDType(t *testing.T) {
	dir := segments(t)
	create[int64](t, "x", []int{5}).Close()
	patch(t, pathOf(dir, "x"), 10+len("{'descr': '"), []byte("<M8[D/24]', 'fortran_order': False, 'shape': (5,), }"))
	info, err := shm.Stat("x")
	if err != nil || info.Descr != "'<M8[D/24]'" || info.DType != (ndarray.DType{}) || !slices.Equal(info.Shape, []int{5}) || info.NBytes != 40 {
		t.Errorf("%+v, %v", info, err)
	}
	if _, err := shm.Attach[int64]("x"); !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("%v, want ErrDType", err)
	}
}

func ExampleCreate() {
	a, err := shm.Create[float64]("example-create", []int{2, 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer shm.Delete("example-create")
	defer a.Close()
	m, err := ndarray.Dense(a.Array) // shares a's bytes
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Set(1, 2, 5)
	m.Scale(2, m)
	version, err := a.Publish()
	fmt.Println(a.At(1, 2), version, err)
	fmt.Printf("%v\n", mat.Formatted(m))
	// Output:
	// 10 1 <nil>
	// ⎡ 0   0   0⎤
	// ⎣ 0   0  10⎦
}
