package npy

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// availableMemory returns how many bytes this process can fill before the kernel ends it or another: what the machine has, and the
// control groups that this process is in leave. It is math.MaxInt where the system doesn't say.
func availableMemory() int {
	most := math.MaxInt
	if info, err := os.ReadFile("/proc/meminfo"); err == nil {
		if kib, ok := numberAfter(info, "MemAvailable:"); ok {
			swap, _ := numberAfter(info, "SwapFree:") // zero where there is none
			most = (kib + swap) << 10
		}
	}
	groups, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return most // without control groups
	}
	return min(most, leftInGroups(groups, "/sys/fs/cgroup"))
}

// leftInGroups returns how many bytes the control groups of /proc/self/cgroup, which are directories below root, leave: of each, and
// each that it is in, the limit less what is used, but for what the kernel keeps of files. Version 2 has one line, "0::/path", version
// 1 one for each kind, as "4:memory:/path". In a container the path may be that outside; then root is the innermost group.
func leftInGroups(groups []byte, root string) int {
	left := math.MaxInt
	for line := range bytes.Lines(groups) {
		parts := bytes.SplitN(bytes.TrimSpace(line), []byte(":"), 3)
		if len(parts) < 3 {
			continue
		}
		top, limit, used, prefix := root, "memory.max", "memory.current", ""
		switch string(parts[1]) {
		case "":
		case "memory":
			top, limit, used, prefix = filepath.Join(root, "memory"), "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
		default:
			continue
		}
		path := filepath.Join("/", string(parts[2])) // cleaned, so that it has an end
		for {
			group := filepath.Join(top, path)
			if most, ok := numberIn(filepath.Join(group, limit)); ok {
				taken, _ := numberIn(filepath.Join(group, used))
				stat, _ := os.ReadFile(filepath.Join(group, "memory.stat")) // without, none of it can be taken back
				for _, name := range []string{"active_file ", "inactive_file "} {
					n, _ := numberAfter(stat, prefix+name)
					taken -= n
				}
				left = min(left, max(most-max(taken, 0), 0))
			}
			if path == "/" {
				break
			}
			path = filepath.Dir(path)
		}
	}
	return left
}

// numberIn returns the number that a file is.
func numberIn(path string) (n int, ok bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	return numberAfter(text, "")
}

// numberAfter returns the number that follows a name at the beginning of a line.
func numberAfter(text []byte, name string) (n int, ok bool) {
	for line := range bytes.Lines(text) {
		if rest, found := bytes.CutPrefix(line, []byte(name)); found {
			fields := bytes.Fields(rest)
			if len(fields) == 0 {
				return 0, false
			}
			n, err := strconv.Atoi(string(fields[0])) // "max" is no number, and no limit
			return n, err == nil
		}
	}
	return 0, false
}

// addressable reports whether the kernel gives this process the addresses for so many bytes, which a limit (ulimit -v) or strict
// accounting may deny. To Go's allocator that is fatal.
func addressable(n int) bool {
	const heapUnit = 64 << 20 // in which the allocator asks for addresses
	if n > math.MaxInt-2*heapUnit {
		return false
	}
	b, err := unix.Mmap(-1, 0, n+heapUnit, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err == nil {
		unix.Munmap(b) // it was just mapped
	}
	return err == nil
}

// discard lets the kernel take back the memory of whole pages of b, whose content nobody needs any more.
func discard(b []byte) {
	if page := os.Getpagesize(); len(b) >= page { // and b begins on one
		unix.Madvise(b[:len(b)/page*page], unix.MADV_DONTNEED) // without, it stays until b is collected
	}
}

// inHugePages asks for large pages, where they are to be had, for memory that is written next: clearing it page by page takes as long
// as reading a file into it. NumPy asks for the same.
func inHugePages(b []byte) {
	page := os.Getpagesize()
	if len(b) > page { // which begins on one
		unix.Madvise(b[:len(b)/page*page], unix.MADV_HUGEPAGE) // without, it is only slower
	}
}
