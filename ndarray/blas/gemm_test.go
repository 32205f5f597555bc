package blas_test

import (
	"math"
	"math/rand/v2"
	"testing"

	gonumblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"

	"github.com/samebytes/samebytes/ndarray/blas"
)

var transposes = []gonumblas.Transpose{gonumblas.NoTrans, gonumblas.Trans, gonumblas.ConjTrans}

// random returns n numbers that add up without rounding, so that results do not depend on an order.
func random[T float32 | float64](r *rand.Rand, n int) []T {
	data := make([]T, n)
	for i := range data {
		data[i] = T(r.IntN(9) - 4)
	}
	return data
}

// call returns what a function panics with, or nil.
func call(f func()) (panicked any) {
	defer func() { panicked = recover() }()
	f()
	return nil
}

// same compares what gonum did and panicked with to what we did.
func same[T float32 | float64](t *testing.T, name string, theirs, ours func(c []T), c []T, arguments ...any) {
	t.Helper()
	want, got := append([]T(nil), c...), append([]T(nil), c...)
	wantPanic, gotPanic := call(func() { theirs(want) }), call(func() { ours(got) })
	if gotPanic != wantPanic {
		t.Fatalf("%s%v panics with %v, want %v", name, arguments, gotPanic, wantPanic)
	}
	for i := range got {
		if got[i] != want[i] && !(math.IsNaN(float64(got[i])) && math.IsNaN(float64(want[i]))) {
			t.Fatalf("%s%v: element %d of %d is %v, want %v", name, arguments, i, len(c), got[i], want[i])
		}
	}
}

type syrk[T float32 | float64] func(ul gonumblas.Uplo, tA gonumblas.Transpose, n, k int, alpha T, a []T, lda int, beta T, c []T, ldc int)

func testGemm[T float32 | float64](t *testing.T, theirs, ours gemm[T]) {
	r := rand.New(rand.NewPCG(1, 2))
	one := func(tA, tB gonumblas.Transpose, m, n, k int) {
		aCols, bCols, aRows, bRows := k, n, m, k
		if tA != gonumblas.NoTrans {
			aRows, aCols = k, m
		}
		if tB != gonumblas.NoTrans {
			bRows, bCols = n, k
		}
		lda, ldb, ldc := max(1, aCols)+r.IntN(3), max(1, bCols)+r.IntN(3), max(1, n)+r.IntN(3)
		a, b, c := random[T](r, aRows*lda), random[T](r, bRows*ldb), random[T](r, m*ldc+r.IntN(3))
		alpha, beta := T(r.IntN(3)), T(r.IntN(3)-1)
		if beta == 0 {
			for i := range c {
				c[i] = T(math.NaN()) // which is not read, and stays between the rows
			}
		}
		same(t, "Gemm", func(c []T) { theirs(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) },
			func(c []T) { ours(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) }, c, tA, tB, m, n, k, alpha, lda, ldb, beta, ldc)
	}
	for n := range 41 {
		for _, tA := range transposes {
			for _, tB := range transposes {
				one(tA, tB, n, n, n)
				one(tA, tB, r.IntN(41), n, r.IntN(41))
				one(tA, tB, n, r.IntN(41), r.IntN(3))
				one(tA, tB, r.IntN(3), r.IntN(41), n)
			}
		}
	}
	for _, tA := range transposes {
		for _, tB := range transposes {
			one(tA, tB, 150, 130, 270)
		}
	}
	// Arguments that are wrong in some way, and some that are not.
	for range 20000 {
		tA, tB := append(transposes, 'x')[r.IntN(4)], append(transposes, 'x')[r.IntN(4)]
		m, n, k := r.IntN(5)-1, r.IntN(5)-1, r.IntN(5)-1
		lda, ldb, ldc := r.IntN(6), r.IntN(6), r.IntN(6)
		a, b, c := random[T](r, r.IntN(20)), random[T](r, r.IntN(20)), random[T](r, r.IntN(20))
		same(t, "Gemm", func(c []T) { theirs(tA, tB, m, n, k, 1, a, lda, b, ldb, 1, c, ldc) },
			func(c []T) { ours(tA, tB, m, n, k, 1, a, lda, b, ldb, 1, c, ldc) }, c, tA, tB, m, n, k, lda, ldb, ldc)
	}
}

func testSyrk[T float32 | float64](t *testing.T, theirs, ours syrk[T]) {
	r := rand.New(rand.NewPCG(3, 4))
	one := func(ul gonumblas.Uplo, tA gonumblas.Transpose, n, k int) {
		rows, cols := n, k
		if tA != gonumblas.NoTrans {
			rows, cols = k, n
		}
		lda, ldc := max(1, cols)+r.IntN(3), max(1, n)+r.IntN(3)
		a, c := random[T](r, rows*lda), random[T](r, n*ldc+r.IntN(3))
		alpha, beta := T(r.IntN(3)), T(r.IntN(3)-1)
		same(t, "Syrk", func(c []T) { theirs(ul, tA, n, k, alpha, a, lda, beta, c, ldc) },
			func(c []T) { ours(ul, tA, n, k, alpha, a, lda, beta, c, ldc) }, c, ul, tA, n, k, alpha, lda, beta, ldc)
	}
	for _, ul := range []gonumblas.Uplo{gonumblas.Upper, gonumblas.Lower} {
		for _, tA := range transposes {
			for n := range 41 {
				one(ul, tA, n, n)
				one(ul, tA, n, r.IntN(41))
			}
			one(ul, tA, 300, 270)
		}
	}
	for range 20000 {
		ul := []gonumblas.Uplo{gonumblas.Upper, gonumblas.Lower, gonumblas.All}[r.IntN(3)]
		tA := append(transposes, 'x')[r.IntN(4)]
		n, k, lda, ldc := r.IntN(5)-1, r.IntN(5)-1, r.IntN(6), r.IntN(6)
		a, c := random[T](r, r.IntN(20)), random[T](r, r.IntN(20))
		same(t, "Syrk", func(c []T) { theirs(ul, tA, n, k, 1, a, lda, 1, c, ldc) },
			func(c []T) { ours(ul, tA, n, k, 1, a, lda, 1, c, ldc) }, c, ul, tA, n, k, lda, ldc)
	}
}

// TestSame holds the functions to gonum's results, where all sums are exact, and to its panics.
func TestSame(t *testing.T) {
	theirs, ours := gonum.Implementation{}, blas.Implementation{}
	eachLevel(t, func(t *testing.T) {
		t.Run("Dgemm", func(t *testing.T) { testGemm(t, theirs.Dgemm, ours.Dgemm) })
		t.Run("Sgemm", func(t *testing.T) { testGemm(t, theirs.Sgemm, ours.Sgemm) })
		t.Run("Dsyrk", func(t *testing.T) { testSyrk(t, theirs.Dsyrk, ours.Dsyrk) })
		t.Run("Ssyrk", func(t *testing.T) { testSyrk(t, theirs.Ssyrk, ours.Ssyrk) })
	})
}

// TestSpecial holds products with infinities and NaN to the rules of IEEE, whatever is transposed: gonum's loops leave some out.
func TestSpecial(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		if t.Name() == "TestSpecial/none" {
			t.Skip("gonum's loops do the work")
		}
		for n := 1; n < 60; n += 1 + n/8 {
			for _, tA := range transposes[:2] {
				for _, tB := range transposes[:2] {
					a, b, c := make([]float64, n*n), make([]float64, n*n), make([]float64, n*n)
					b[0] = math.Inf(1)
					blas.Implementation{}.Dgemm(tA, tB, n, n, n, 1, a, n, b, n, 0, c, n)
					for i, v := range c {
						if math.IsNaN(v) != (i%n == 0) {
							t.Fatalf("%c%c, n = %d: element %d is %v", tA, tB, n, i, v)
						}
					}
				}
			}
		}
	})
}
