//go:build linux

package shm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

func ExampleOpen() {
	prices, done := example("example-open", []int{1000, 64})
	defer done()
	rows := prices.Slice(ndarray.Range(10, 20), ndarray.Step(0, 64, 2))
	h, err := prices.HandleOf(rows)
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(h) // to be sent to any process of the machine
	if err != nil {
		panic(err)
	}

	if h, err = shm.ParseHandle(text); err != nil {
		panic(err)
	}
	same, err := shm.Open[float64](h)
	if err != nil {
		panic(err)
	}
	defer same.Close()
	same.Set(7, 1, 1)
	fmt.Println(same.Shape(), prices.At(11, 2))
	// Output: [10 32] 7
}

// handle gives the whole array away, through JSON.
func handle[T ndarray.Element](t *testing.T, a *shm.Array[T]) shm.Handle {
	t.Helper()
	return handleOf(t, a, a.Array)
}

func handleOf[T ndarray.Element](t *testing.T, a *shm.Array[T], view *ndarray.Array[T]) shm.Handle {
	t.Helper()
	h, err := a.HandleOf(view)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 260 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
	back, err := shm.ParseHandle(text)
	if err != nil || !equalHandles(back, h) {
		t.Fatalf("%+v became %+v, %v", h, back, err)
	}
	return back
}

func equalHandles(a, b shm.Handle) bool {
	shapes := slices.Equal(a.Shape, b.Shape) && slices.Equal(a.Strides, b.Strides)
	a.Shape, a.Strides, b.Shape, b.Strides = nil, nil, nil, nil
	return shapes && fmt.Sprint(a) == fmt.Sprint(b)
}

func open[T ndarray.Element](t *testing.T, h shm.Handle) *shm.Array[T] {
	t.Helper()
	a, err := shm.Open[T](h)
	return closed(t, a, err)
}

func TestHandleOfViews(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{4, 6})
	for i := range 24 {
		a.Data()[i] = float64(i)
	}
	flat, err := a.Ravel()
	if err != nil {
		t.Fatal(err)
	}
	for name, view := range map[string]*ndarray.Array[float64]{
		"whole":          a.Array,
		"rows":           a.Slice(ndarray.Range(1, 3)),
		"slice of slice": a.Slice(ndarray.Range(1, 4)).Slice(ndarray.All, ndarray.Step(1, 6, 2)),
		"transposed":     a.T(),
		"backwards":      a.Slice(ndarray.Step(ndarray.End, ndarray.End, -1), ndarray.Step(ndarray.End, ndarray.End, -2)),
		"one element":    a.Slice(ndarray.At(2), ndarray.At(3)),
		"no elements":    a.Slice(ndarray.Range(2, 2)),
		"flat":           flat,
		"read-only":      a.ReadOnly(),
	} {
		h := handleOf(t, a, view)
		got := open[float64](t, h)
		if !slices.Equal(got.Shape(), view.Shape()) || !slices.Equal(got.Copy().Data(), view.Copy().Data()) {
			t.Errorf("%s: got %v of %v, want %v of %v", name, got.Copy().Data(), got.Shape(), view.Copy().Data(), view.Shape())
		}
		if got.Writable() != view.Writable() {
			t.Errorf("%s: writable is %v", name, got.Writable())
		}
		if view.Len() > 0 && view.Writable() && &got.Data()[0] != &view.Data()[0] {
			t.Errorf("%s: other memory", name)
		}
	}
	if _, err := a.HandleOf(ndarray.New[float64](3)); !errors.Is(err, ndarray.ErrLayout) {
		t.Errorf("of another array: %v", err)
	}
}

func TestHandleStale(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{3})
	h := handle(t, a)
	if err := shm.Delete("x"); err != nil {
		t.Fatal(err)
	}
	if _, err := shm.Open[float64](h); !errors.Is(err, shm.ErrStale) || errors.Is(err, shm.ErrNotExist) {
		t.Errorf("deleted: %v", err)
	}
	create[float64](t, "x", []int{3})
	if _, err := shm.Open[float64](h); !errors.Is(err, shm.ErrStale) {
		t.Errorf("replaced: %v", err)
	}
	if refs := shm.Refs(a.Segment); refs != 1 {
		t.Errorf("%d openings of the old one", refs)
	}
}

func TestHandleOfAnotherDomain(t *testing.T) {
	segments(t)
	h := handle(t, create[float64](t, "x", []int{3}))
	segments(t)
	if _, err := shm.Open[float64](h); !errors.Is(err, shm.ErrNotExist) {
		t.Errorf("no domain: %v", err)
	}
	b := create[float64](t, "x", []int{3})
	handle(t, b)
	if _, err := shm.Open[float64](h); !errors.Is(err, shm.ErrNotExist) {
		t.Errorf("another domain: %v", err)
	}
}

func TestDomainDamaged(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{3})
	for _, text := range []string{"", "0", "ABCDEF00000000000000000000000000\n", "000000000000000000000000000000000\n"} {
		writeFile(t, pathOf(dir, ".samebytes"), []byte(text))
		if _, err := a.Handle(); !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := os.Remove(pathOf(dir, ".samebytes")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", pathOf(dir, ".samebytes")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Handle(); !errors.Is(err, shm.ErrAccess) {
		t.Error(err)
	}
}

func TestHandleErrors(t *testing.T) {
	dir := segments(t)
	a := create[float64](t, "x", []int{4, 6})
	h := handle(t, a)
	for name, change := range map[string]struct {
		with func(*shm.Handle)
		want error
	}{
		"a path":             {func(h *shm.Handle) { h.Name = "../x" }, shm.ErrBadName},
		"no name":            {func(h *shm.Handle) { h.Name = "" }, shm.ErrBadName},
		"offset":             {func(h *shm.Handle) { h.Offset = 8 }, ndarray.ErrLayout},
		"negative offset":    {func(h *shm.Handle) { h.Offset = -8 }, ndarray.ErrLayout},
		"stride":             {func(h *shm.Handle) { h.Strides = []int{56, 8} }, ndarray.ErrLayout},
		"negative stride":    {func(h *shm.Handle) { h.Strides = []int{-48, 8} }, ndarray.ErrLayout},
		"overflowing stride": {func(h *shm.Handle) { h.Strides = []int{1 << 62, 8} }, ndarray.ErrLayout},
		"odd stride":         {func(h *shm.Handle) { h.Strides = []int{44, 8} }, ndarray.ErrLayout},
		"few strides":        {func(h *shm.Handle) { h.Strides = []int{8} }, ndarray.ErrLayout},
		"odd offset":         {func(h *shm.Handle) { h.Offset, h.Shape = 4, []int{1, 1} }, ndarray.ErrLayout},
		"negative length":    {func(h *shm.Handle) { h.Shape = []int{4, -6} }, ndarray.ErrShape},
		"overflowing shape":  {func(h *shm.Handle) { h.Shape = []int{1 << 40, 1 << 40} }, ndarray.ErrShape},
		"no dtype":           {func(h *shm.Handle) { h.DType, h.Descr = ndarray.DType{}, `"<M8[ns]"` }, ndarray.ErrDType},
		"other dtype":        {func(h *shm.Handle) { h.DType = ndarray.Int64 }, ndarray.ErrDType},
		"byte order":         {func(h *shm.Handle) { h.BigEndian = true }, ndarray.ErrDType},
		"id":                 {func(h *shm.Handle) { h.ID[3]++ }, shm.ErrStale},
		"domain":             {func(h *shm.Handle) { h.Domain = "" }, shm.ErrNotExist},
	} {
		bad := h
		change.with(&bad)
		if _, err := shm.Open[float64](bad); !errors.Is(err, change.want) {
			t.Errorf("%s: %v, want %v", name, err, change.want)
		}
	}
	if refs := shm.Refs(a.Segment); refs != 1 {
		t.Errorf("%d openings are left", refs)
	}
	if _, err := shm.ParseHandle(make([]byte, 1<<20)); !errors.Is(err, npy.ErrFormat) {
		t.Error(err)
	}
	f, err := shm.AttachFile[float64](pathOf(dir, "x"))
	if f = closed(t, f, err); true {
		if _, err := f.Handle(); !errors.Is(err, shm.ErrBadName) {
			t.Errorf("of a file: %v", err)
		}
	}
	a.Close()
	if _, err := a.Handle(); !errors.Is(err, shm.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

// TestHandleInFlight closes temporary arrays before their handles are opened.
func TestHandleInFlight(t *testing.T) {
	dir := segments(t)
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	a.Set(5, 1)
	first, second := handle(t, a), handle(t, a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for left, h := range []shm.Handle{first, second} {
		b, err := shm.Open[float64](h)
		if err != nil {
			t.Fatal(err)
		}
		if b.At(1) != 5 {
			t.Errorf("%v", b.Data())
		}
		if inFlight, _ := shm.Flight(b.Segment); int(*inFlight) != 1-left {
			t.Errorf("%d are under way", *inFlight)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left := namesIn(t, dir); !slices.Equal(left, []string{".samebytes"}) {
		t.Errorf("left behind: %v", left)
	}
	if _, err := shm.Open[float64](second); !errors.Is(err, shm.ErrStale) {
		t.Errorf("opened again: %v", err)
	}
}

// TestHandleNeverOpened leaves what is under way to GC, while its sender lives, and after that to who calls it.
func TestHandleNeverOpened(t *testing.T) {
	dir := segments(t)
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	h := handle(t, a)
	a.Close()
	for _, lives := range []bool{true, false} {
		if !lives {
			shm.LetGo(dir)
		}
		shm.CollectPatiently()
		for _, dryRun := range []bool{true, false} {
			if dead, err := shm.GC(dryRun); err != nil || (len(dead) == 0) != lives {
				t.Fatalf("collected %v, %v; its sender lives: %v", dead, err, lives)
			}
		}
	}
	if _, err := shm.Open[float64](h); !errors.Is(err, shm.ErrStale) {
		t.Error(err)
	}
}

func TestHandleReadOnlyOfTemporary(t *testing.T) {
	dir := segments(t)
	a, err := shm.New[float64]([]int{3})
	if err != nil {
		t.Fatal(err)
	}
	h := handleOf(t, a, a.ReadOnly())
	a.Close()
	b := open[float64](t, h)
	if b.Writable() || len(namesIn(t, dir)) != 2 {
		t.Errorf("writable: %v, there are %v", b.Writable(), namesIn(t, dir))
	}
	b.Close()
	if left := namesIn(t, dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHandleOfGrowing(t *testing.T) {
	segments(t)
	a := create[float64](t, "x", []int{10, 3}, shm.Capacity(100))
	rows := handleOf(t, a, a.Slice(ndarray.Range(8, 10)))
	if err := a.Resize(background, 5); err != nil {
		t.Fatal(err)
	}
	b := open[float64](t, rows) // the bytes are there still
	if got := b.Shape(); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("%v", got)
	}
	if _, err := b.Refresh(); err != nil || !slices.Equal(b.Shape(), []int{5, 3}) {
		t.Errorf("%v, %v", b.Shape(), err)
	}
	rows.Offset = 99 * 24
	if _, err := shm.Open[float64](rows); !errors.Is(err, ndarray.ErrLayout) {
		t.Error(err)
	}
}

// FuzzHandle proves that any bytes give a handle or an error, and that a handle opens elements of its segment or none.
func FuzzHandle(f *testing.F) {
	f.Setenv("SAMEBYTES_DIR", f.TempDir())
	a, err := shm.Create[float64]("x", []int{4, 6})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		a.Close()
		shm.SetWarm(0)
		shm.SetWarm(128 << 20)
	})
	for _, view := range []*ndarray.Array[float64]{a.Array, a.T(), a.Slice(ndarray.Step(ndarray.End, ndarray.End, -1)), a.ReadOnly()} {
		h, err := a.HandleOf(view)
		if err != nil {
			f.Fatal(err)
		}
		text, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"samebytes": 1}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h, err := shm.ParseHandle(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatalf("%+v: %v", h, err)
		}
		if back, err := shm.ParseHandle(again); err != nil || !equalHandles(back, h) {
			t.Fatalf("%+v became %+v, %v", h, back, err)
		}
		b, err := shm.Open[float64](h)
		if err != nil {
			return
		}
		defer b.Close()
		for _, v := range b.Data() { // a fault, if it is not there
			_ = v
		}
		if got, err := b.Handle(); err != nil || got.Offset < 0 || len(b.Data()) > 24 {
			t.Fatalf("%+v opened as %+v, %v", h, got, err)
		}
	})
}

// FuzzHandleMsgpack proves that any bytes give an error, or a handle that is the same after it was appended and parsed again.
func FuzzHandleMsgpack(f *testing.F) {
	h := shm.Handle{Domain: strings.Repeat("0a", 16), Name: "x", Shape: []int{2, 3}, Strides: []int{-300, 70000}, DType: ndarray.Float64, Offset: 1 << 40}
	f.Add(h.AppendMsgpack(nil))
	h.DType, h.Descr = ndarray.DType{}, `[["a", "<i4"], ["b", "<f8", [2]]]`
	f.Add(h.AppendMsgpack(nil))
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := shm.ParseHandleMsgpack(payload)
		if err != nil {
			return
		}
		if back, err := shm.ParseHandleMsgpack(h.AppendMsgpack(nil)); err != nil || !equalHandles(back, h) {
			t.Fatalf("%+v became %+v, %v", h, back, err)
		}
	})
}

func BenchmarkHandleMsgpack(b *testing.B) {
	h := shm.Handle{Domain: strings.Repeat("0a", 16), Name: "prices", Shape: []int{1000, 64}, Strides: []int{512, 8}, DType: ndarray.Float64}
	var payload []byte
	b.Run("append", func(b *testing.B) {
		for b.Loop() {
			payload = h.AppendMsgpack(payload[:0])
		}
	})
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := shm.ParseHandleMsgpack(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
