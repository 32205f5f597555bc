package kern

// Plane is rows of runs: the elements Data[Off+i*RowInc+j*Inc].
type Plane[T any] struct {
	Data             []T
	Off, RowInc, Inc int
}

// row returns the run of row i from column j.
func (p Plane[T]) row(i, j int) Vec[T] {
	return Vec[T]{Data: p.Data, Off: p.Off + i*p.RowInc + j*p.Inc, Inc: p.Inc}
}

// tile is the side of the squares that CopyTiles copies: few enough lines of the cache, of both planes, that they stay there
// meanwhile, even where a power of two between rows makes lines compete for one place.
const tile = 32

// CopyTiles stores a plane of the given size in dst, square by square, for a dst whose elements lie close along rows, and a
// src whose elements lie close along columns.
func CopyTiles[T any](dst, src Plane[T], rows, cols int) {
	for i := 0; i < rows; i += tile {
		for j := 0; j < cols; j += tile {
			copyTile(dst, src, i, min(i+tile, rows), j, min(tile, cols-j))
		}
	}
}

// copyTile copies width columns of rows i to end-1 from column j on, four rows at once where src has four neighbours.
func copyTile[T any](dst, src Plane[T], i, end, j, width int) {
	if dst.Inc == 1 && src.RowInc == 1 {
		for ; i+4 <= end; i += 4 {
			r0, r1 := dst.row(i, j).Unit(width), dst.row(i+1, j).Unit(width)
			r2, r3 := dst.row(i+2, j).Unit(width), dst.row(i+3, j).Unit(width)
			from := src.row(i, j).Off
			done := transposed(dst.row(i, j), dst.RowInc, src.row(i, j), width)
			from += done * src.Inc
			for c := done; c < len(r0); c++ {
				s := (*[4]T)(src.Data[from:])
				r0[c], r1[c], r2[c], r3[c] = s[0], s[1], s[2], s[3]
				from += src.Inc
			}
		}
	}
	for ; i < end; i++ {
		Copy(dst.row(i, j), src.row(i, j), width)
	}
}
