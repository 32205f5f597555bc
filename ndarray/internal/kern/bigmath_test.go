package kern

import (
	"math"
	"math/big"
)

// The functions that kernels approximate, of more digits than floats have, by their series. All results are finite numbers.

const (
	bigBits    = 200  // of all results but where a difference takes some
	reduceBits = 1300 // so that the rest of the greatest float by π/2 has as many
)

func newBig() *big.Float { return new(big.Float).SetPrec(bigBits) }

func bigOf(x float64) *big.Float { return newBig().SetFloat64(x) }

// series returns the sum of terms, each of which next makes of the one before and its number, until they don't matter.
func series(first *big.Float, next func(term *big.Float, i int)) *big.Float {
	term, sum := newBig().Set(first), newBig().Set(first)
	for i := 1; term.Sign() != 0 && term.MantExp(nil) > sum.MantExp(nil)-bigBits; i++ {
		next(term, i)
		sum.Add(sum, term)
	}
	return sum
}

func divide(x *big.Float, n int) { x.Quo(x, big.NewFloat(float64(n))) }

// arcTanOfInverse returns the angle whose tangent is 1/n, and sum's sign alternates; that of the hyperbolic tangent otherwise.
func arcTanOfInverse(n int, alternates bool) *big.Float {
	power := new(big.Float).SetPrec(reduceBits).SetInt64(1)
	divide(power, n)
	sum := new(big.Float).SetPrec(reduceBits).Set(power)
	term := new(big.Float).SetPrec(reduceBits)
	for i := 3; power.MantExp(nil) > -reduceBits; i += 2 {
		divide(power, n*n)
		if alternates {
			power.Neg(power)
		}
		sum.Add(sum, term.Quo(power, big.NewFloat(float64(i))))
	}
	return sum
}

func times(x *big.Float, n int) *big.Float { return x.Mul(x, big.NewFloat(float64(n))) }

var (
	bigLn2    = times(arcTanOfInverse(3, false), 2)
	bigLn10   = new(big.Float).Add(times(new(big.Float).Set(bigLn2), 3), times(arcTanOfInverse(9, false), 2)) // 8 * (1 + 1/4)
	bigHalfPi = new(big.Float).Sub(times(arcTanOfInverse(5, true), 8), times(arcTanOfInverse(239, true), 2))
)

// bigExpm1 returns exp(x) - 1.
func bigExpm1(x *big.Float) *big.Float {
	if size, _ := x.Float64(); math.Abs(size) > 0.4 {
		y := bigExp(x)
		return y.Sub(y, big.NewFloat(1))
	}
	return series(x, func(term *big.Float, i int) {
		term.Mul(term, x)
		divide(term, i+1)
	})
}

func bigExp(x *big.Float) *big.Float {
	size, _ := x.Float64()
	if math.Abs(size) > 2000 { // out of all floats
		size = math.Copysign(2000, size)
		x = bigOf(size)
	}
	n := math.RoundToEven(size / math.Ln2)
	r := new(big.Float).SetPrec(bigBits).Mul(bigLn2, big.NewFloat(n))
	y := bigExpm1(r.Sub(x, r))
	y.Add(y, big.NewFloat(1))
	return y.SetMantExp(y, int(n))
}

// bigLog returns the logarithm of 2ⁿx, by what is missing from the float nearby.
func bigLog(x *big.Float) *big.Float {
	mantissa := newBig()
	n := x.MantExp(mantissa)
	if size, _ := mantissa.Float64(); size < math.Sqrt2/2 { // so that x near 1 has n = 0
		mantissa.SetMantExp(mantissa, 1)
		n--
	}
	size, _ := mantissa.Float64()
	near := newBig().Neg(bigOf(math.Log(size)))
	e := newBig().Mul(mantissa, bigExp(near))
	y := bigLog1pSmall(e.Sub(e, big.NewFloat(1)))
	y.Sub(y, near)
	return y.Add(y, newBig().Mul(bigLn2, big.NewFloat(float64(n))))
}

func bigLog1pSmall(x *big.Float) *big.Float {
	power, term := newBig().Neg(x), newBig()
	sum := newBig().Set(x)
	for i := 2; i < 16; i++ { // x is below 2⁻²⁰
		power.Mul(power, x)
		sum.Add(sum, term.Quo(power, big.NewFloat(float64(i))))
		power.Neg(power)
	}
	return sum
}

func bigLog1p(x *big.Float) *big.Float {
	if size, _ := x.Float64(); math.Abs(size) < 0x1p-20 {
		return bigLog1pSmall(x)
	}
	return bigLog(newBig().Add(x, big.NewFloat(1)))
}

// bigSin returns the sine of x turned further by so many quarters.
func bigSin(x *big.Float, quarters int64) *big.Float {
	turns := new(big.Float).SetPrec(reduceBits).Quo(x, bigHalfPi)
	turns.Add(turns, big.NewFloat(math.Copysign(0.5, float64(x.Sign()))))
	n, _ := turns.Int(nil)
	r := new(big.Float).SetPrec(reduceBits + 100).SetInt(n)
	r.Sub(x, r.Mul(r, bigHalfPi))
	r.SetPrec(bigBits)
	quadrant := (new(big.Int).And(n, big.NewInt(3)).Int64() + quarters) & 3
	first, odd := r, 1
	if quadrant&1 == 1 {
		first, odd = bigOf(1), 0
	}
	square := newBig().Mul(r, r)
	y := series(first, func(term *big.Float, i int) {
		term.Mul(term, square)
		divide(term.Neg(term), (2*i-1+odd)*(2*i+odd))
	})
	if quadrant >= 2 {
		y.Neg(y)
	}
	return y
}

var bigFunctions = map[*Approximation]func(x *big.Float) *big.Float{
	Exp:   bigExp,
	Exp2:  func(x *big.Float) *big.Float { return bigExp(newBig().Mul(x, bigLn2)) },
	Expm1: bigExpm1,
	Log:   bigLog,
	Log2:  func(x *big.Float) *big.Float { y := bigLog(x); return y.Quo(y, bigLn2) },
	Log10: func(x *big.Float) *big.Float { y := bigLog(x); return y.Quo(y, bigLn10) },
	Log1p: bigLog1p,
	Sin:   func(x *big.Float) *big.Float { return bigSin(x, 0) },
	Cos:   func(x *big.Float) *big.Float { return bigSin(x, 1) },
	Tanh: func(x *big.Float) *big.Float {
		y := bigExpm1(newBig().Add(x, x))
		return newBig().Quo(y, newBig().Add(y, big.NewFloat(2)))
	},
}
