package ndarray

import (
	"reflect"

	"github.com/samebytes/samebytes/ndarray/internal/kern"
)

// Add stores a + b in dst, element for element, and returns it. Integers wrap, as in Go.
func Add[T Number](dst, a, b *Array[T]) *Array[T] { return apply2("Add", dst, a, b, kern.Add[T]{}) }

// Sub stores a - b in dst, element for element, and returns it. Integers wrap, as in Go.
func Sub[T Number](dst, a, b *Array[T]) *Array[T] { return apply2("Sub", dst, a, b, kern.Sub[T]{}) }

// Mul stores a * b in dst, element for element, and returns it. Integers wrap, as in Go.
func Mul[T Number](dst, a, b *Array[T]) *Array[T] { return apply2("Mul", dst, a, b, kern.Mul[T]{}) }

// Div stores a / b in dst, element for element, and returns it. Integers have no such quotient: take [FloorDiv], or Convert
// them to floats. Complex numbers are divided as NumPy does, which gives NaN where C and Go give an infinity or zero.
func Div[T Inexact](dst, a, b *Array[T]) *Array[T] {
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Float32:
		return as[T](apply2("Div", as[float32](dst), as[float32](a), as[float32](b), kern.Div[float32]{}))
	case reflect.Float64:
		return as[T](apply2("Div", as[float64](dst), as[float64](a), as[float64](b), kern.Div[float64]{}))
	case reflect.Complex64:
		return as[T](apply2("Div", as[complex64](dst), as[complex64](a), as[complex64](b), kern.DivComplex[complex64]{}))
	default:
		return as[T](apply2("Div", as[complex128](dst), as[complex128](a), as[complex128](b), kern.DivComplex[complex128]{}))
	}
}

// FloorDiv stores the greatest whole number not above a / b in dst, and returns it, as Python's //. Where b is zero, integers
// give zero, and floats a / b. The least integer divided by -1 wraps to itself.
func FloorDiv[T Real](dst, a, b *Array[T]) *Array[T] {
	return apply2("FloorDiv", dst, a, b, kern.FloorDiv[T]{})
}

// Mod stores what [FloorDiv] leaves of a in dst, and returns it, as Python's %: it has the sign of b, where [Fmod]'s has that
// of a. Where b is zero, integers give zero, and floats NaN.
func Mod[T Real](dst, a, b *Array[T]) *Array[T] { return apply2("Mod", dst, a, b, kern.Mod[T]{}) }

// DivMod stores the results of [FloorDiv] and [Mod] in quotient and remainder, which must not overlap, and returns them. Each
// may be nil, and is then a new array.
func DivMod[T Real](quotient, remainder, a, b *Array[T]) (*Array[T], *Array[T]) {
	shape := broadcastShape("DivMod", a.shape, b.shape)
	quotient = destination("DivMod", quotient, shape, a.shape, b.shape)
	remainder = destination("DivMod", remainder, shape, a.shape, b.shape)
	if mayOverlap(quotient, remainder) {
		panic(LayoutError{"DivMod", quotient.Shape(), quotient.Strides(), "expected quotient and remainder to be apart"})
	}
	if mayOverlap(quotient, a) {
		a = a.copied("DivMod")
	}
	if mayOverlap(quotient, b) {
		b = b.copied("DivMod")
	}
	return FloorDiv(quotient, a, b), Mod(remainder, a, b)
}

// Fmod stores what truncated division leaves of a in dst, and returns it: what Go's % and math.Mod, and C's fmod give, with
// the sign of a. Where b is zero, integers give zero, and floats NaN.
func Fmod[T Real](dst, a, b *Array[T]) *Array[T] { return apply2("Fmod", dst, a, b, kern.Fmod[T]{}) }

// FMA stores a * b + c in dst, rounded once, and returns it. Of float32 it is rounded to float64 first.
func FMA[T Float](dst, a, b, c *Array[T]) *Array[T] {
	return apply3("FMA", dst, a, b, c, kern.FMA[T]{})
}

// AddScaled stores a + alpha * x in dst, element for element, and returns it: gonum's AddScaledTo, or the axpy of BLAS. The product is
// rounded before it is added, as by [Mul] and [Add], whose results it has.
func AddScaled[T Number](dst, a *Array[T], alpha T, x *Array[T]) *Array[T] {
	return apply2("AddScaled", dst, a, x, &kern.AddScaled[T]{Alpha: [1]T{alpha}})
}

// Neg stores -a in dst and returns it. The least integer is its own negative.
func Neg[T Number](dst, a *Array[T]) *Array[T] { return apply1("Neg", dst, a, kern.Neg[T]{}) }

// Abs stores the absolute values of a in dst and returns it. That of the least integer is itself. For complex numbers there is
// [AbsComplex].
func Abs[T Real](dst, a *Array[T]) *Array[T] { return apply1("Abs", dst, a, kern.Abs[T]{}) }

// Sign stores -1, 0 or 1 in dst, as a is below, at or above zero, and returns it. NaN stays.
func Sign[T Real](dst, a *Array[T]) *Array[T] { return apply1("Sign", dst, a, kern.Sign[T]{}) }

// Square stores a * a in dst and returns it.
func Square[T Number](dst, a *Array[T]) *Array[T] { return apply1("Square", dst, a, kern.Square[T]{}) }

// Reciprocal stores 1 / a in dst and returns it.
func Reciprocal[T Inexact](dst, a *Array[T]) *Array[T] {
	invert := func(x complex128) complex128 { return kern.Quotient(1, x) }
	return inexactLoops("Reciprocal", dst, a, kern.Reciprocal[float32]{}, kern.Reciprocal[float64]{}, invert)
}
