package pybridge_test

import (
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/shm"
)

func BenchmarkCall(b *testing.B) {
	b.Setenv("SAMEBYTES_DIR", b.TempDir())
	pool := start(b, "def nothing():\n    pass\ndef double(a):\n    a *= 2\n")
	b.Run("nothing", func(b *testing.B) {
		for b.Loop() {
			if err := pool.Call(b.Context(), nil, "nothing"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("8KiB", func(b *testing.B) {
		a, err := shm.New[float64]([]int{1024})
		if err != nil {
			b.Fatal(err)
		}
		defer a.Close()
		for b.Loop() {
			if err := pool.Call(b.Context(), nil, "double", a); err != nil {
				b.Fatal(err)
			}
		}
	})
	for name, n := range map[string]int{"12KiB copied into the message": 1536, "12KiB copied into a segment": 1537} {
		b.Run(name, func(b *testing.B) {
			a := ndarray.New[float64](n)
			for b.Loop() {
				if err := pool.Call(b.Context(), nil, "double", a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
