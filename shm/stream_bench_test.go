package shm_test

import (
	"testing"

	"github.com/samebytes/samebytes/shm"
)

func benchStream(b *testing.B, batch int, opts ...shm.CreateOption) {
	b.Setenv("SAMEBYTES_DIR", b.TempDir())
	s, err := shm.CreateStream[float64]("stream", 256, []int{8}, opts...)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r, err := s.Reader()
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if batch == 1 {
			l, _ := s.Loan(ctx)
			l.Publish()
		} else {
			l, _ := s.LoanN(ctx, batch)
			l.Publish()
		}
		for range batch {
			if _, err := r.Next(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/item")
}

func BenchmarkStreamOne(b *testing.B)   { benchStream(b, 1) }
func BenchmarkStreamBatch(b *testing.B) { benchStream(b, 64) }
func BenchmarkStreamLossy(b *testing.B) { benchStream(b, 1, shm.Lossy()) }
