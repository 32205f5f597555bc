package kern

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestCopyTilesByKernels(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		tiles[float64](t)
		tiles[uint32](t)
		tiles[uint16](t)
	})
}

func tiles[T any](t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	values := samples[T](r, 60*90)
	for rows := 1; rows <= 50; rows += 1 + r.IntN(3) {
		for cols := 1; cols <= 80; cols += 1 + r.IntN(3) {
			from := newGuarded[T](r.IntN(8), (rows+2)*cols).set(values)
			want, got := newGuarded[T](3, rows*(cols+1)), newGuarded[T](3, rows*(cols+1))
			src := Plane[T]{Data: from.all, Off: from.first, RowInc: 1, Inc: rows + 2}
			copied := func(g guarded[T]) {
				CopyTiles(Plane[T]{Data: g.all, Off: g.first, RowInc: cols + 1, Inc: 1}, src, rows, cols)
			}
			pure(func() { copied(want) })
			copied(got)
			hold(t, fmt.Sprintf("%d rows of %d %T", rows, cols, *new(T)), want, got)
		}
	}
}
