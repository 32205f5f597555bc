package kern

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/samebytes/samebytes/ndarray/internal/kern/asm"
)

// TestStream holds what is stored past the caches to the loop, in blocks at all places relative to cache lines.
func TestStream(t *testing.T) {
	before := streamBytes
	defer func() { streamBytes = before }()
	streamBytes = 1
	eachLevel(t, func(t *testing.T) {
		if asm.Kernels.Stream.Run == nil {
			if runtime.GOARCH == "amd64" {
				t.Fatal("expected a kernel")
			}
			t.Skip("this processor has no kernel that stores past the caches")
		}
		r := rand.New(rand.NewPCG(1, 2))
		const most = 3 * streamBlock
		p := newGuarded[int8](3, most).set(samples[int8](r, most))
		q := newGuarded[float64](5, most/8).set(samples[float64](r, most/8))
		for k := range 200 {
			off := k % 64
			n := streamBlock + 1 + r.IntN(most-streamBlock-1)
			want, got := newGuarded[int8](off, n), newGuarded[int8](off, n)
			pure(func() { Add[int8]{}.Run(want.vec(), p.vec(), p.vec(), n) })
			Add[int8]{}.Run(got.vec(), p.vec(), p.vec(), n)
			hold(t, fmt.Sprint("Add, ", n), want, got)
			pure(func() { Neg[int8]{}.Run(want.vec(), p.vec(), n) })
			Neg[int8]{}.Run(got.vec(), p.vec(), n)
			hold(t, fmt.Sprint("Neg, ", n), want, got)

			n = streamBlock/8 + 1 + r.IntN((most-streamBlock)/8-1)
			wide, gotWide := newGuarded[float64](off, n), newGuarded[float64](off, n)
			one := q.vec()
			one.Inc = 0
			pure(func() { Clip[float64]{}.Run(wide.vec(), q.vec(), one, q.vec(), n) })
			Clip[float64]{}.Run(gotWide.vec(), q.vec(), one, q.vec(), n)
			hold(t, fmt.Sprint("Clip, ", n), wide, gotWide)
		}
	})
}

// TestFill compares runs of all lengths around that of a block with a loop.
func TestFill(t *testing.T) {
	before := streamBytes
	defer func() { streamBytes = before }()
	for _, streamBytes = range []int{before, 1} {
		for _, n := range []int{1, 511, 512, 513, 1024, 1535, 5000} {
			for off := range 8 {
				want, got := newGuarded[int16](off, n), newGuarded[int16](off, n)
				for i := range n {
					want.all[want.first+i] = 7
				}
				Fill(got.vec(), 7, n)
				hold(t, fmt.Sprint("Fill, ", n), want, got)
			}
		}
	}
}
