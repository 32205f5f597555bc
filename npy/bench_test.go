package npy_test

import (
	"fmt"
	"testing"

	"github.com/samebytes/samebytes/ndarray"
	"github.com/samebytes/samebytes/npy"
)

// BenchmarkParse parses headers of np.save (64) and of segments (4096).
func BenchmarkParse(b *testing.B) {
	for _, align := range []int{64, 4096} {
		b.Run(fmt.Sprint(align), func(b *testing.B) {
			h := npy.Header{DType: ndarray.Float64, Shape: []int{1000, 64}}
			header, err := h.Append(nil, align)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := npy.Parse(header); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	h := npy.Header{DType: ndarray.Float64, Shape: []int{1000, 64}}
	dst := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Append(dst, 4096); err != nil {
			b.Fatal(err)
		}
	}
}
