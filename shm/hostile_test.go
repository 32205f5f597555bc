//go:build linux

package shm_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
	"github.com/samebytes/samebytes/shm"
)

// The faults of hostile or damaged content, of docs/reference/faults.md. TestH09EveryByteFlipped is beside the arrays' tests.

// header returns a .npy header of version 1.0 with that text, and room for elements behind it.
func header(text string) []byte {
	text += strings.Repeat(" ", 127-10-len(text)%64) + "\n"
	b := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(b[8:], uint16(len(text)))
	return append(append(b, text...), make([]byte, 8192)...)
}

// attachFails writes the bytes over x, and attaches it in vain: without taking memory for what they claim.
func attachFails(t *testing.T, what string, b []byte, want ...error) {
	t.Helper()
	path := pathOf(shm.Dir(), "x")
	writeFile(t, path, b)
	defer os.Remove(path)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	a, err := shm.Attach[int64]("x")
	runtime.ReadMemStats(&after)
	if err == nil {
		a.Close()
	}
	if !slices.ContainsFunc(want, func(e error) bool { return errors.Is(err, e) }) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%s: %d bytes taken", what, n)
	}
	if _, err := shm.Stat("x"); err != nil && !slices.ContainsFunc(want, func(e error) bool { return errors.Is(err, e) }) {
		t.Errorf("%s: stat: %v, want %v", what, err, want)
	}
}

func TestH01HugeHeader(t *testing.T) {
	segments(t)
	for _, length := range []uint32{1<<32 - 1, 1 << 31, 1<<31 - 1, 1 << 20} {
		for _, version := range []byte{2, 3} {
			b := append([]byte("\x93NUMPY"), version, 0)
			b = append(binary.LittleEndian.AppendUint32(b, length), make([]byte, 8192)...)
			attachFails(t, fmt.Sprintf("version %d, %d bytes", version, length), b, npy.ErrFormat, npy.ErrTruncated)
		}
	}
}

func TestH02ShapeOverflows(t *testing.T) {
	segments(t)
	for _, shape := range []string{"(4294967296, 4294967296)", "(9223372036854775807,)", "(9223372036854775807, 2)", "(2305843009213693952,)",
		"(3037000500, 3037000500)", "(18446744073709551616,)", "(65536, 65536, 65536, 65536)", "(2, 9223372036854775807, 0)"} {
		attachFails(t, shape, header("{'descr': '<i8', 'fortran_order': False, 'shape': "+shape+", }"), ndarray.ErrShape, npy.ErrFormat, npy.ErrTruncated)
	}
}

// TestH03OddShapes refuses what NumPy refuses, and opens what it opens: no elements, no axes, up to 64 of them.
func TestH03OddShapes(t *testing.T) {
	dir := segments(t)
	text := func(shape string) []byte {
		return header("{'descr': '<i8', 'fortran_order': False, 'shape': (" + shape + "), }")
	}
	attachFails(t, "negative", text("-1,"), npy.ErrFormat, ndarray.ErrShape)
	attachFails(t, "negative beside zero", text("0, -1"), npy.ErrFormat, ndarray.ErrShape)
	attachFails(t, "65 axes", text(strings.Repeat("1, ", 65)), npy.ErrFormat, ndarray.ErrShape)
	for shape, want := range map[string]int{"": 1, "0,": 0, "3, 0, 5": 0, strings.Repeat("1, ", 64): 1, "2, 3": 6} {
		writeFile(t, pathOf(dir, "x"), text(shape))
		a, err := shm.Attach[int64]("x")
		if err != nil || a.Len() != want {
			t.Errorf("(%s): %v, want %d elements", shape, err, want)
			continue
		}
		a.Close()
		os.Remove(pathOf(dir, "x"))
	}
}

func TestH04Objects(t *testing.T) {
	segments(t)
	for _, descr := range []string{"'|O'", "'O'", "[('a', '<i8'), ('b', '|O')]", "'object'"} {
		attachFails(t, descr, header("{'descr': "+descr+", 'fortran_order': False, 'shape': (2,), }"), ndarray.ErrDType, npy.ErrFormat)
	}
	attachFails(t, "a pickle", append([]byte("\x80\x04\x95"), make([]byte, 8192)...), npy.ErrFormat)
}

// segmentBytes returns the file of a segment of 4 int64, 0 to 3.
func segmentBytes(t *testing.T) []byte {
	t.Helper()
	a, err := shm.Create[int64]("good", []int{4})
	if err != nil {
		t.Fatal(err)
	}
	for i := range a.Data() {
		a.Data()[i] = int64(i)
	}
	b, err := os.ReadFile(a.Path())
	if err := errors.Join(err, a.Close(), shm.Delete("good")); err != nil {
		t.Fatal(err)
	}
	return b
}

// Offsets in the control block, the file's last page: docs/reference/format.md.
const (
	versionAt       = 8
	controlOffsetAt = 16
	blockSizeAt     = 24
	dataOffsetAt    = 32
	capacityAt      = 40
	footerAt        = 4096 - 64
)

// patched returns the segment with 8 bytes of its control block replaced, in the footer too where that repeats them.
func patched(segment []byte, at int, v uint64) []byte {
	b := slices.Clone(segment)
	block := b[len(b)-4096:]
	binary.LittleEndian.PutUint64(block[at:], v)
	if at == controlOffsetAt {
		binary.LittleEndian.PutUint64(block[footerAt+16:], v)
	}
	return b
}

// TestH05TrailerElsewhere has the control block name places outside the file, over each other, and between pages.
func TestH05TrailerElsewhere(t *testing.T) {
	segments(t)
	good := segmentBytes(t)
	control := binary.LittleEndian.Uint64(good[len(good)-4096+controlOffsetAt:])
	for _, at := range []int{controlOffsetAt, blockSizeAt, dataOffsetAt} {
		for _, v := range []uint64{0, 1, control - 4095, control + 1, control + 4096, uint64(len(good)), 1 << 40, 1 << 63, 1<<64 - 1, 1<<64 - 4096} {
			attachFails(t, fmt.Sprintf("%d at %d", v, at), patched(good, at, v), shm.ErrBroken)
		}
	}
	for _, v := range []uint64{0, 31, 4097, 1 << 62, 1<<64 - 1, 1<<64 - 4096} {
		attachFails(t, fmt.Sprintf("capacity %d", v), patched(good, capacityAt, v), shm.ErrBroken)
	}
	for _, n := range []int{1, 63, 64, 4095, 4097} { // a file that goes on, or ends early
		attachFails(t, fmt.Sprint(n, " bytes behind the footer's magic"), slices.Concat(good[:len(good)-4096], make([]byte, n), good[len(good)-4096:]), shm.ErrBroken)
	}
}

func TestH06NewerVersion(t *testing.T) {
	segments(t)
	good := segmentBytes(t)
	for _, version := range []uint32{2, 3, 1 << 31} {
		for _, at := range []int{versionAt, footerAt + 8} {
			b := slices.Clone(good)
			binary.LittleEndian.PutUint32(b[len(b)-4096+at:], version)
			attachFails(t, fmt.Sprint("version ", version), b, shm.ErrVersion)
		}
	}
}

// TestH07ChangedAfterOpen writes over everything that says where something is, in files that are open: this process has its own
// copy, and goes on in bounds.
func TestH07ChangedAfterOpen(t *testing.T) {
	segments(t)
	random := rand.New(rand.NewPCG(7, 7))
	a := create[int64](t, "x", []int{4})
	grows := create[int64](t, "grows", []int{4, 2}, shm.Capacity(64))
	for range 500 {
		for _, s := range []*shm.Array[int64]{a, grows} {
			junk := make([]byte, shm.FixedSize()-8)
			for i := range junk {
				junk[i] = byte(random.Uint32())
			}
			patch(t, s.Path(), -4096+8, junk) // behind the magic, without which the block is none
			if s == a {
				patch(t, s.Path(), 0, junk)
			}
		}
		a.Set(5, 3)
		unlock(t, lock(t, a.Segment, ndarray.At(3)))
		if c, err := a.Snapshot(patience(t)); err != nil || c.At(3) != 5 {
			t.Fatal(err)
		}
		if err := publish(a); err != nil {
			t.Fatal(err)
		}
		if err := grows.Resize(patience(t), random.IntN(64)); err != nil {
			t.Fatal(err)
		}
		if n := len(grows.Data()); n > 128 {
			t.Fatalf("%d elements", n)
		}
		unlock(t, lock(t, grows.Segment))
	}
	// The length of a growable array is a number that is read again, and so is checked again.
	for _, digits := range []string{"99999999", "      65", "-0000001", "\x00\x00\x00\x00\x00\x00\x00\x00", "0x000010", "4       "} {
		copy(shm.LengthField(grows.Segment), digits)
		if _, err := grows.Refresh(); err == nil && len(grows.Data()) > 128 || err != nil && !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%q: %v, %d elements", digits, err, len(grows.Data()))
		}
		if err := grows.Resize(patience(t), 8); err != nil && !errors.Is(err, shm.ErrBroken) {
			t.Errorf("%q: %v", digits, err)
		}
	}
	os.Remove(a.Path())
	os.Remove(grows.Path())
}

// Identities and states of rows of the table of boxes, of participants that there cannot be: docs/reference/format.md.
const (
	stateAt         = 32
	heldAlone       = 4
	rowBits         = 10
	mostIdentity    = 1<<30 - 1
	identityOfNoRow = 0
)

// TestH08OwnerOutOfRange names owners that no table has a row for: they are dead.
func TestH08OwnerOutOfRange(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	used, _, _, _ := shm.Hints(a.Segment)
	for _, row := range []uint32{64, 255, 256, 1021, 1022} {
		for _, who := range []uint32{row + 1, 3<<rowBits | row + 1, mostIdentity, identityOfNoRow} {
			*shm.LatchWord(a.Segment) = who
			unlock(t, lock(t, a.Segment))
			*shm.LatchWord(a.Segment) = who | 1<<31
			*shm.OwnerWord(a.Segment, 0) = uint64(who) | heldAlone<<stateAt // the row of the lock above, and its box
			*used = 1
			if l := stat(t, "x").Locks; len(l) != 1 || l[0].Alive {
				t.Errorf("%#x: %+v", who, l)
			}
			lockDied(t, a)
			mend(t, a)
		}
	}
}

// TestH11LockWordsRandom puts anything into the latch and into the words of the boxes. A box may say of itself only that it is half
// written: that is mended, and then all is free.
func TestH11LockWordsRandom(t *testing.T) {
	segments(t)
	random := rand.New(rand.NewPCG(11, 11))
	a := create[int64](t, "x", []int{4})
	used, waiting, _, _ := shm.Hints(a.Segment)
	rounds := 300
	if raceDetector {
		rounds = 100
	}
	for range rounds {
		*shm.LatchWord(a.Segment) = random.Uint32()
		for row := range 8 {
			*shm.OwnerWord(a.Segment, row) = random.Uint64() & (1<<35 - 1) >> (4 * random.IntN(9))
		}
		*used, *waiting = 8, random.Uint32()
		if g, err := a.Lock(patience(t)); err == nil {
			unlock(t, g)
		} else {
			died(t, err)
		}
		g, err := a.Recover(patience(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(g.Repaired(), g.Unlock()); err != nil {
			t.Fatal(err)
		}
		unlock(t, lock(t, a.Segment))
	}
}

// TestH12IndicesRandom puts anything into the words that say which rows and bytes to look at. The indices of rings come with
// streams.
func TestH12IndicesRandom(t *testing.T) {
	segments(t)
	random := rand.New(rand.NewPCG(12, 12))
	a := create[int64](t, "x", []int{4, 2}, shm.Capacity(64))
	used, waiting, ticket, dirty := shm.Hints(a.Segment)
	for range 500 {
		*used, *waiting, *ticket, *dirty = random.Uint32(), random.Uint32(), random.Uint64(), random.Uint64()
		g := lock(t, a.Segment, ndarray.At(0))
		*used = random.Uint32()
		if taken(t, a.RLock) {
			unlock(t, g)
		} else {
			t.Fatal("not seen, though all rows are to be looked at")
		}
		*dirty = random.Uint64()
		if err := a.Resize(patience(t), 1+random.IntN(64)); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Snapshot(patience(t)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestH13WakeStorm has a peer wake all who wait, without end and without reason.
func TestH13WakeStorm(t *testing.T) {
	segments(t)
	a := create[int64](t, "x", []int{4})
	_, out := startChild(t, "storm")
	says(t, out, "ready")
	for range 200 {
		version := a.Version()
		result := make(chan error)
		go func() {
			v, err := a.Wait(patience(t), version)
			if err == nil && v == version {
				err = errors.New("woken for nothing")
			}
			result <- err
		}()
		runtime.Gosched()
		if err := publish(a); err != nil {
			t.Fatal(err)
		}
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	}
	var before, after unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &before)
	ctx, cancel := context.WithTimeout(background, 200*time.Millisecond)
	defer cancel()
	if _, err := a.Wait(ctx, a.Version()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want DeadlineExceeded", err)
	}
	unix.Getrusage(unix.RUSAGE_SELF, &after)
	t.Logf("200 ms in the storm took %v of CPU time", time.Duration(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()))
	unlock(t, lock(t, a.Segment))
}

// TestH14OtherLayouts takes arrays in Fortran order as they are, and says of big-endian and structured ones, which Go has no
// elements for, what they are.
func TestH14OtherLayouts(t *testing.T) {
	dir := segments(t)
	a := create[int64](t, "fortran", []int{2, 3}, shm.Fortran())
	for i := range 2 {
		for j := range 3 {
			a.Set(int64(10*i+j), i, j)
		}
	}
	if want := []int64{0, 10, 1, 11, 2, 12}; !slices.Equal(a.Data(), want) {
		t.Errorf("laid out as %v", a.Data())
	}
	file, err := os.ReadFile(a.Path())
	if err != nil {
		t.Fatal(err)
	}
	if h, err := npy.Parse(file); err != nil || !h.Fortran || !slices.Equal(h.Shape, []int{2, 3}) || attach[int64](t, "fortran").At(1, 2) != 12 {
		t.Errorf("%+v, %v", h, err)
	}

	b := header("{'descr': '>i8', 'fortran_order': False, 'shape': (2,), }")
	attachFails(t, "big-endian", b, ndarray.ErrDType)
	if h, err := npy.Parse(b); err != nil || !h.BigEndian || h.DType != ndarray.Int64 {
		t.Errorf("%+v, %v", h, err)
	}
	s := header("{'descr': [('x', '<f8'), ('y', '<i4')], 'fortran_order': False, 'shape': (2,), }")
	attachFails(t, "structured", s, ndarray.ErrDType)
	writeFile(t, pathOf(dir, "structured"), s)
	if info := stat(t, "structured"); info.DType.String() != "[('x', '<f8'), ('y', '<i4')]" || info.Descr != "" || !slices.Equal(info.Shape, []int{2}) {
		t.Errorf("%+v", info)
	}
}

// TestH10Mutations changes random bytes of a segment's header, tables and control block, and then uses it in every way: each call
// ends, with a value or an error of the package.
func TestH10Mutations(t *testing.T) {
	dir := segments(t)
	good := segmentBytes(t)
	const tables, boxes = 8192, 8192 + 64*128 // in the file; a participant has 128 bytes, and a box here 64
	rounds := 2000
	switch {
	case soak():
		rounds = 1_000_000
	case raceDetector:
		rounds = 300
	}
	shm.SetWarm(0)
	known := []error{shm.ErrBroken, shm.ErrVersion, shm.ErrOwnerDied, shm.ErrFull, shm.ErrNoControl, npy.ErrFormat, npy.ErrTruncated,
		ndarray.ErrShape, ndarray.ErrDType, ndarray.ErrLayout, context.DeadlineExceeded}
	attached, hard := 0, 0
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 10))
	for round := range rounds {
		bad := slices.Clone(good)
		for range 1 + random.IntN(64) {
			at := tables + random.IntN(len(bad)-4096-tables)
			switch {
			case random.IntN(4) == 0:
				at = len(bad) - 4096 + shm.FixedSize() + random.IntN(128) // the words that change
			case random.IntN(4) == 0:
				at = boxes + random.IntN(4*64) // the first boxes
			case round%4 == 0:
				at = random.IntN(128) // the header's text
			case round%4 == 1:
				at = len(bad) - 4096 + random.IntN(4096)
			}
			bad[at] = byte(random.Uint32() >> random.IntN(32))
		}
		if random.IntN(50) == 0 {
			bad = bad[:random.IntN(len(bad))]
		}
		check := func(what string, err error) {
			if err != nil && !slices.ContainsFunc(known, func(e error) bool { return errors.Is(err, e) }) {
				t.Fatalf("seed %d, round %d: %s: %v", seed, round, what, err)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				hard++
			}
		}
		writeFile(t, pathOf(dir, "x"), bad)
		_, err := shm.Stat("x")
		check("stat", err)
		a, err := shm.Attach[int64]("x")
		check("attach", err)
		if err != nil {
			os.Remove(pathOf(dir, "x"))
			continue
		}
		attached++
		ctx, cancel := context.WithTimeout(background, time.Second)
		for what, lock := range map[string]func(context.Context, ...ndarray.Index) (*shm.Guard, error){"lock": a.Lock, "rlock": a.RLock, "recover": a.Recover} {
			g, err := lock(ctx)
			check(what, err)
			if err == nil {
				if what == "recover" {
					check("repaired", g.Repaired())
				}
				check("unlock", g.Unlock())
			}
		}
		_, err = a.Snapshot(ctx)
		check("snapshot", err)
		check("publish", publish(a))
		cancel()
		check("close", a.Close())
		os.Remove(pathOf(dir, "x"))
	}
	if attached == 0 || hard > 0 {
		t.Errorf("seed %d: of %d files %d attached, and %d calls did not end by themselves", seed, rounds, attached, hard)
	}
	t.Logf("%d of %d attached", attached, rounds)
}

func init() {
	children["storm"] = func() {
		a := must(shm.Attach[int64]("x"))
		fmt.Println("ready")
		for {
			shm.WakeStorm(a.Segment)
		}
	}
}
