package kern

import "math"

// Lane is the keys of float64s, in any order, from which the one at a place in order is taken.
type Lane []uint64

var float64Order = Order{Kind: Floating, Mantissa: 52}

// Append appends the bits of n elements as float64, without those that are NaN.
func Append[T Real](lane Lane, x Vec[T], n int) Lane {
	for at := x.Off; n > 0; n-- {
		if v := float64(x.Data[at]); v == v {
			lane = append(lane, math.Float64bits(v))
		}
		at += x.Inc
	}
	return lane
}

// Encode makes keys of bits.
func (l Lane) Encode() { Encode(l, float64Order) }

// Nth returns the float64 that has k others before it in order. None before l[k] is greater after, and none after it less.
func (l Lane) Nth(k int) float64 {
	Select(l, k)
	return l.At(k)
}

// At returns the float64 of a key.
func (l Lane) At(k int) float64 {
	bits := [1]uint64{l[k]}
	Decode(bits[:], float64Order)
	return math.Float64frombits(bits[0])
}
