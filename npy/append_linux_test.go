package npy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// TestAppendAfterKill kills processes that append, once the file has bytes that its header does not count, and appends again.
func TestAppendAfterKill(t *testing.T) {
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	if path := os.Getenv("NPY_APPEND_TO"); path != "" {
		row := ndarray.Full(7.0, 1<<20)
		for {
			if err := npy.Append(path, row); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "a.npy")
	if err := npy.WriteFile(path, ndarray.Full(7.0, 1, 1<<20)); err != nil {
		t.Fatal(err)
	}
	uncounted := func() int64 {
		size := must(os.Stat(path)).Size()
		file := must(os.Open(path))
		defer file.Close()
		h := must(npy.ReadHeader(file))
		return size - int64(h.DataOffset+h.NBytes())
	}
	killed := 0
	for range 20 {
		child := exec.Command(os.Args[0], "-test.run=^TestAppendAfterKill$")
		child.Env = append(os.Environ(), "NPY_APPEND_TO="+path)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- child.Wait() }()
		for uncounted() <= 0 {
			select {
			case err := <-ended:
				t.Fatalf("the process ended by itself: %v", err)
			default:
			}
		}
		child.Process.Kill()
		<-ended
		if uncounted() > 0 {
			killed++
		}
		before := must(npy.ReadFile[float64](path)).Shape()[0]
		if err := npy.Append(path, ndarray.Full(7.0, 1<<20)); err != nil {
			t.Fatal(err)
		}
		a := must(npy.ReadFile[float64](path))
		if a.Shape()[0] != before+1 || uncounted() != 0 || ndarray.Min(a) != 7 || ndarray.Max(a) != 7 {
			t.Fatalf("got %v after %d rows, with %d bytes behind", a, before, uncounted())
		}
		if killed == 3 {
			return
		}
	}
	t.Errorf("%d of 20 processes were killed in time, expected 3", killed)
}

// TestAppendToSegment appends to a segment, whose end is not its elements'.
func TestAppendToSegment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	a, err := shm.CreateFile[float64](path, []int{2, 3})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	before := must(os.ReadFile(path))
	if err := npy.Append(path, ndarray.New[float64](3)); !errors.Is(err, npy.ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
	if string(must(os.ReadFile(path))) != string(before) {
		t.Error("the file was changed")
	}
}
