//go:build linux

package shm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// shapeInFile is what any reader of .npy files finds, of a file that has all the elements it claims.
func shapeInFile(t *testing.T, path string) []int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	h, err := npy.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if h.NBytes() > len(b)-h.DataOffset {
		t.Fatalf("%v of %v, but %d bytes", h.Shape, h.DType, len(b))
	}
	return h.Shape
}

func TestResize(t *testing.T) {
	dir := segments(t)
	a := create[int32](t, "x", []int{2, 3}, shm.Capacity(100))
	b := attach[int32](t, "x")
	a.Set(7, 1, 2)
	old := a.Slice(ndarray.At(1))
	before := 2
	for _, n := range []int{5, 100, 1, 0, 40, 3} {
		if err := a.Resize(background, n); err != nil {
			t.Fatal(err)
		}
		want := []int{n, 3}
		if !slices.Equal(a.Shape(), want) || !slices.Equal(shapeInFile(t, pathOf(dir, "x")), want) {
			t.Errorf("shape %v, in the file %v, want %v", a.Shape(), shapeInFile(t, pathOf(dir, "x")), want)
		}
		if changed, err := b.Refresh(); err != nil || !changed || !slices.Equal(b.Shape(), want) {
			t.Errorf("another opening sees %v (changed: %v), %v, want %v", b.Shape(), changed, err, want)
		}
		for i := before; i < n; i++ {
			if row := b.Slice(ndarray.At(i)).Data(); !slices.Equal(row, []int32{0, 0, 0}) {
				t.Fatalf("resized to %d: row %d is %v, want zeros", n, i, row)
			}
			b.Set(9, i, 1) // to be zero when it comes back
		}
		before = n
	}
	if old.Len() != 3 { // its row was cut away and came back as zeros
		t.Errorf("an old view has shape %v", old.Shape())
	}
	if changed, err := b.Refresh(); changed || err != nil {
		t.Errorf("changed without a resize: %v", err)
	}
}

func TestResizeRefuses(t *testing.T) {
	segments(t)
	fixed := create[int32](t, "fixed", []int{2})
	grows := create[int32](t, "grows", []int{2}, shm.Capacity(10))
	r := attach[int32](t, "grows", shm.ReadOnly())
	for name, c := range map[string]struct {
		got, want error
	}{
		"without a capacity": {fixed.Resize(background, 3), ndarray.ErrLayout},
		"beyond it":          {grows.Resize(background, 11), shm.ErrNoSpace},
		"negative":           {grows.Resize(background, -1), ndarray.ErrShape},
		"by a reader":        {r.Resize(background, 1), ndarray.ErrReadOnly},
		"rows of two axes":   {grows.Append(background, ndarray.New[int32](1, 2)), ndarray.ErrShape},
		"too many rows":      {grows.Append(background, ndarray.New[int32](9)), shm.ErrNoSpace},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if !slices.Equal(grows.Shape(), []int{2}) {
		t.Errorf("shape %v after all that", grows.Shape())
	}
	if _, err := shm.Create[int32]("y", []int{5}, shm.Capacity(4)); !errors.Is(err, ndarray.ErrShape) {
		t.Errorf("a capacity below the shape: %v", err)
	}
	if _, err := shm.Create[int32]("y", nil, shm.Capacity(4)); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("a capacity without axes: %v", err)
	}
	if _, err := shm.Create[int32]("y", []int{5, 5}, shm.Capacity(9), shm.Fortran()); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("a capacity in Fortran order: %v", err)
	}
}

func TestAppend(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{0, 2}, shm.Capacity(1000))
	row, err := ndarray.FromSlice([]float64{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	block, err := ndarray.FromSlice([]float64{3, 4, 5, 6}, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Append(background, row), a.Append(background, block), a.Append(background, block.T())); err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 2, 3, 4, 5, 6, 3, 5, 4, 6}; !slices.Equal(a.Data(), want) {
		t.Errorf("%v, want %v", a.Data(), want)
	}
	if got := shapeInFile(t, pathOf(dir, "x")); !slices.Equal(got, []int{5, 2}) || a.Version() != 3 {
		t.Errorf("shape %v, version %d", got, a.Version())
	}
}

// TestKilledWhileAppending kills a process that appends rows, each full of its number: what is there is whole, in the file too.
func TestKilledWhileAppending(t *testing.T) {
	dir := segments(t)
	a := create[int64](t, "x", []int{0, 8}, shm.Capacity(1<<20))
	for range 20 {
		c, out := startChild(t, "append")
		if _, err := out.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		c.Process.Kill()
		c.Wait()
		g, err := a.Recover(patience(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Refresh(); err != nil {
			t.Fatal(err)
		}
		if got := shapeInFile(t, pathOf(dir, "x")); !slices.Equal(got, a.Shape()) {
			t.Fatalf("%v in the file, %v here", got, a.Shape())
		}
		for i := range a.Dim(0) {
			if row := a.Slice(ndarray.At(i)).Data(); slices.Min(row) != int64(i+1) || slices.Max(row) != int64(i+1) {
				t.Fatalf("row %d of %d is %v", i, a.Dim(0), row)
			}
		}
	}
	if a.Len() == 0 {
		t.Error("nothing was appended")
	}
}

func init() {
	// appends rows until killed, having said that it began.
	children["append"] = func() {
		a, err := shm.Attach[int64]("x")
		if err != nil {
			panic(err)
		}
		row := ndarray.New[int64](8)
		for i := 0; ; i++ {
			for j := range 8 {
				row.Set(int64(a.Dim(0)+1), j)
			}
			if err := a.Append(context.Background(), row); err != nil {
				panic(err)
			}
			if i == 3 {
				fmt.Println("ready")
			}
		}
	}
}
