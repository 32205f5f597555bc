//go:build linux

package shm_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"

	"github.com/samebytes/samebytes/internal/emulated"
	"github.com/samebytes/samebytes/shm"
)

// hugeBytes returns how much of this process's mappings of the file is in huge pages.
func hugeBytes(t *testing.T, path string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(regexp.QuoteMeta(path) + `\n(?:[A-Z].*\n)*?ShmemPmdMapped: +(\d+) kB`).FindSubmatch(maps)
	if m == nil {
		t.Fatalf("no mapping of %s", path)
	}
	kib, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

func mountTmpfs(t *testing.T, dir, options string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount a file system")
	}
	if err := syscall.Mount("samebytes-test", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

func TestHuge(t *testing.T) {
	emulated.Skip(t, "it knows nothing of huge pages")
	dir := filepath.Join(segments(t), "mount")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	mountTmpfs(t, dir, "huge=advise,size=64m")
	t.Setenv("SAMEBYTES_DIR", dir)
	t.Cleanup(func() { shm.SetWarm(0) })
	const nbytes = 16 << 20
	huge := create[int8](t, "huge", []int{nbytes}, shm.Huge())
	clear(huge.Data()) // which maps the pages
	if got := hugeBytes(t, filepath.Join(dir, "huge")); got < nbytes/2 {
		t.Errorf("%d of %d bytes in huge pages", got, nbytes)
	}
	small := create[int8](t, "small", []int{nbytes})
	clear(small.Data())
	if got := hugeBytes(t, filepath.Join(dir, "small")); got != 0 {
		t.Errorf("%d bytes in huge pages that nobody asked for", got)
	}
	if _, err := shm.Create[int8]("large", []int{64 << 20}, shm.Huge()); !errors.Is(err, shm.ErrNoSpace) {
		t.Errorf("%v, want ErrNoSpace", err)
	}
	huge.Close()
	small.Close()
	shm.SetWarm(0)
}
