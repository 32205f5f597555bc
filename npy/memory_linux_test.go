package npy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// sparse makes a file of so many bytes of elements, which takes none.
func sparse(t *testing.T, nbytes int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "sparse.npy")
	h := must(npy.NewHeader(ndarray.Float64, []int{nbytes / 8}, false))
	head := must(h.Append(nil, 64))
	if err := os.WriteFile(path, head, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head)+nbytes)); err != nil {
		t.Skip(err)
	}
	return path
}

// TestReadMoreThanMemory reads files of more bytes than there is memory for, which the system would end this process for.
func TestReadMoreThanMemory(t *testing.T) {
	emulated.Skip(t, "it maps no file as large as that")
	var system unix.Sysinfo_t
	if err := unix.Sysinfo(&system); err != nil {
		t.Fatal(err)
	}
	sizes := []int{8 << 40}
	if system.Totalswap == 0 {
		sizes = append(sizes, int(system.Totalram)*int(system.Unit)/8*8)
	}
	for _, nbytes := range sizes {
		path := sparse(t, nbytes)
		for way, read := range map[string]func() error{
			"ReadFile":    func() error { _, err := npy.ReadFile[float64](path); return err },
			"ReadFileAny": func() error { _, err := npy.ReadFileAny(path); return err },
			"Read": func() error {
				f := must(os.Open(path))
				defer f.Close()
				_, err := npy.Read[float64](f)
				return err
			},
		} {
			if err := read(); !errors.Is(err, ndarray.ErrShape) {
				t.Errorf("%s of %d bytes: got %v, want ErrShape", way, nbytes, err)
			}
		}
		m := must(npy.Map[float64](path, npy.ReadOnly)) // which takes none
		if m.Len() != nbytes/8 || m.At(m.Len()-1) != 0 {
			t.Errorf("mapped: %d elements", m.Len())
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestReadFewAddresses reads a file in a process that gets addresses for less than its elements.
func TestReadFewAddresses(t *testing.T) {
	if path := os.Getenv("SAMEBYTES_SPARSE"); path != "" {
		limit := unix.Rlimit{Cur: 4 << 30, Max: 4 << 30}
		if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
			t.Skip(err)
		}
		if _, err := npy.ReadFile[float64](path); !errors.Is(err, ndarray.ErrShape) {
			t.Errorf("got %v, want ErrShape", err)
		}
		return
	}
	if raceDetector {
		t.Skip("the race detector itself takes more addresses")
	}
	emulated.Skip(t, "it starts no program of the processor that it emulates")
	cmd := exec.Command(os.Args[0], "-test.run=^TestReadFewAddresses$")
	cmd.Env = append(os.Environ(), "SAMEBYTES_SPARSE="+sparse(t, 4<<30))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%.2000s", err, out)
	}
}

// TestReadStreamMemory reads streams of unknown length, of honest and lying headers: what is taken at most is what comes, and 64 MiB.
func TestReadStreamMemory(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory for each byte")
	}
	const beside = 64 << 20
	for _, c := range []struct {
		claimed, came int
		want          error
	}{
		{520 << 20, 520 << 20, nil}, // just more than is there when the memory grows
		{900 << 20, 520 << 20, npy.ErrTruncated},
		{900 << 20, 1 << 10, npy.ErrTruncated},
	} {
		if peak, err := peakOf(t, c.claimed, c.came); !errors.Is(err, c.want) || peak > c.came+beside {
			t.Errorf("%d MiB of %d: %v, want %v; %d MiB of memory", c.came>>20, c.claimed>>20, err, c.want, peak>>20)
		} else {
			t.Logf("%d MiB of %d: %d MiB of memory", c.came>>20, c.claimed>>20, peak>>20)
		}
	}
}

// peakOf returns how much memory this process has taken at most, beside what it had, to read a stream.
func peakOf(t *testing.T, claimed, came int) (peak int, err error) {
	h := must(npy.NewHeader(ndarray.Uint8, []int{claimed}, false))
	r := io.MultiReader(bytes.NewReader(must(h.Append(nil, 64))), io.LimitReader(zeros{}, int64(came)))
	before := memory(t, "VmRSS")
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil { // the peak begins anew
		t.Skip(err)
	}
	_, err = npy.Read[uint8](r)
	return memory(t, "VmHWM") - before, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// memory returns one of the sizes in /proc/self/status, in bytes.
func memory(t *testing.T, name string) int {
	t.Helper()
	found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(must(os.ReadFile("/proc/self/status")))
	if found == nil {
		t.Skip("no " + name)
	}
	return must(strconv.Atoi(string(found[1]))) << 10
}

// TestLeftInGroups looks at the limits of control groups, in files as the kernel has them.
func TestLeftInGroups(t *testing.T) {
	const stat = "anon 1\nactive_file 100\ninactive_file 200\ntotal_active_file 1000\ntotal_inactive_file 2000\n"
	for name, c := range map[string]struct {
		groups string
		files  map[string]string
		want   int
	}{
		"none":      {"0::/\n", nil, npy.NoLimit},
		"unlimited": {"0::/a\n", map[string]string{"a/memory.max": "max\n", "a/memory.current": "5\n"}, npy.NoLimit},
		"version 2": {"0::/a/b\n", map[string]string{"a/b/memory.max": "9000\n", "a/b/memory.current": "5000\n", "a/b/memory.stat": stat}, 4300},
		"an outer one": {"0::/a/b\n", map[string]string{
			"a/b/memory.max": "9000\n", "a/b/memory.current": "5000\n", "a/memory.max": "7000\n", "a/memory.current": "6000\n",
		}, 1000},
		"used up": {"0::/\n", map[string]string{"memory.max": "10\n", "memory.current": "11\n"}, 0},
		"version 1": {"9:name=systemd:/\n4:memory:/a\n1:cpu:/b\n0::/\n", map[string]string{
			"memory/a/memory.limit_in_bytes": "9000\n", "memory/a/memory.usage_in_bytes": "5000\n", "memory/a/memory.stat": stat,
		}, 7000},
		"a container": {"4:memory:/outside/../name\n", map[string]string{"memory/memory.limit_in_bytes": "10\n"}, 10},
		"nothing":     {"\n::\nx\n", nil, npy.NoLimit},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for path, text := range c.files {
				path = filepath.Join(root, path)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
			if got := npy.LeftInGroups([]byte(c.groups), root); got != c.want {
				t.Error(fmt.Sprint("got ", got, ", want ", c.want))
			}
		})
	}
}
