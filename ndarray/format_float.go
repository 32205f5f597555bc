package ndarray

import (
	"math"
	"strconv"
	"strings"
)

// floatKind is a format of floats, for printing.
type floatKind struct {
	mantissa int     // bits, with the hidden one
	minExp   int     // of the smallest normal number, as math.Frexp counts
	decimals int     // digits that every decimal number keeps (numpy.finfo's precision)
	large    float64 // from which NumPy writes a lone number with an exponent
}

// floatKinds are the formats NumPy has, by size in bits.
var floatKinds = map[int]floatKind{
	16: {11, -13, 3, 1e3},
	32: {24, -125, 6, 1e6},
	64: {53, -1021, 15, 1e16},
}

// round returns the number of the format nearest to x, even if it were larger than all of them.
func (k floatKind) round(x float64) float64 {
	if k.mantissa == 53 || x == 0 || math.IsInf(x, 0) {
		return x
	}
	_, exp := math.Frexp(x)
	unit := math.Ldexp(1, max(exp, k.minExp)-k.mantissa)
	return math.RoundToEven(x/unit) * unit
}

// shortest returns the fewest digits that tell x from other numbers of the format, written as strconv does with 'e' or 'f'.
// Where two texts are as near to x the last digit is even, which strconv's shortest does not promise.
func (k floatKind) shortest(x float64, verb byte) string {
	n := 1 // digits
	if k.mantissa >= 24 {
		whole, fraction, _ := floatParts(strconv.FormatFloat(x, 'e', -1, k.bits()), false)
		n = len(strings.TrimPrefix(whole, "-")) + len(fraction)
	}
	const most = 17 // digits tell any float64 from any other
	for ; n < most; n++ {
		text := strconv.FormatFloat(x, 'e', n-1, 64)
		decimal, err := strconv.ParseFloat(text, 64)
		if err == nil && k.round(decimal) != x {
			// Above a power of two numbers lie further apart than below: the decimal on the other side may do.
			exp, _ := strconv.Atoi(text[strings.IndexByte(text, 'e')+1:]) // no error: FormatFloat wrote it
			text = strconv.FormatFloat(decimal+math.Copysign(math.Pow10(exp-n+1), x), 'e', n-1, 64)
			decimal, err = strconv.ParseFloat(text, 64)
		}
		if err == nil && k.round(decimal) == x {
			return strconv.FormatFloat(decimal, verb, -1, 64)
		}
	}
	return strconv.FormatFloat(x, verb, -1, 64)
}

// bits is the size that strconv goes by.
func (k floatKind) bits() int {
	if k.mantissa == 24 {
		return 32
	}
	return 64
}

// digits returns the shortest text of x, rounded from all of x's digits where it has more than precision after the point,
// in three parts: sign and digits before the point, digits after it, and the exponent from its sign on, if verb is 'e'.
func (k floatKind) digits(x float64, verb byte, precision int, plus bool) (whole, fraction, exponent string) {
	whole, fraction, exponent = floatParts(k.shortest(x, verb), plus)
	if len(fraction) > precision {
		whole, fraction, exponent = floatParts(strconv.FormatFloat(x, verb, precision, 64), plus)
	}
	return whole, strings.TrimRight(fraction, "0"), exponent
}

func floatParts(text string, plus bool) (whole, fraction, exponent string) {
	if plus && text[0] != '-' {
		text = "+" + text
	}
	text, exponent, _ = strings.Cut(text, "e")
	whole, fraction, _ = strings.Cut(text, ".")
	return whole, fraction, exponent
}

// scalar returns x as Python's str of a NumPy scalar, with point after a number that has no other and no exponent.
func (k floatKind) scalar(x float64, point string) string {
	switch magnitude := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return special(x, false)
	case magnitude >= k.large || magnitude < 1e-4 && x != 0:
		return k.shortest(x, 'e')
	}
	text := k.shortest(x, 'f')
	if !strings.Contains(text, ".") {
		text += point
	}
	return text
}

// complexScalar returns z as Python's str of a NumPy scalar: "2j", "(1+2j)".
func (k floatKind) complexScalar(z complex128) string {
	re, im := k.scalar(real(z), ""), k.scalar(imag(z), "")
	if re == "0" {
		return im + "j"
	}
	if im[0] != '-' {
		im = "+" + im
	}
	return "(" + re + im + "j)"
}

// special returns the name of a NaN or an infinity.
func special(x float64, plus bool) string {
	name := "inf"
	if math.IsNaN(x) {
		name = "nan"
	}
	switch {
	case x < 0:
		return "-" + name
	case plus:
		return "+" + name
	}
	return name
}

// texts returns the texts of floats, which get gives by offset: points in one column, and exponents for all if the largest
// is large, the smallest small, or both far apart. With plus, every number has a sign.
func (k floatKind) texts(get func(offset int) float64, o PrintOptions, plus bool) textsOf {
	return func(shown offsets) func(int) string {
		f := floatColumn{kind: k, precision: o.Precision, plus: plus}
		f.measure(get, shown, o.Suppress)
		return func(offset int) string { return f.text(get(offset)) }
	}
}

// complexTexts returns the texts of complex numbers, real and imaginary parts each in a column.
func (k floatKind) complexTexts(get func(offset int) complex128, o PrintOptions) textsOf {
	return func(shown offsets) func(int) string {
		re := k.texts(func(offset int) float64 { return real(get(offset)) }, o, false)(shown)
		im := k.texts(func(offset int) float64 { return imag(get(offset)) }, o, true)(shown)
		return func(offset int) string {
			text := im(offset)
			bare := strings.TrimRight(text, " ")
			return re(offset) + bare + "j" + text[len(bare):]
		}
	}
}

// floatColumn is the form in which all floats of an array are written.
type floatColumn struct {
	kind      floatKind
	precision int // digits after the point: at most, and with exponents exactly
	plus      bool
	exponents bool
	left      int // characters before the point
	right     int // characters after the point, exponent and all
	digits    int // of the exponent
}

// measure chooses the form.
func (f *floatColumn) measure(get func(int) float64, shown offsets, suppress bool) {
	smallest, largest := math.Inf(1), 0.0
	specials, signed := false, f.plus // whether there are NaNs or infinities, and whether an infinity has a sign
	for offset := range shown {
		x := get(offset)
		switch magnitude := math.Abs(x); {
		case math.IsNaN(x) || math.IsInf(x, 0):
			specials = true
			signed = signed || x < 0
		case x != 0:
			smallest, largest = min(smallest, magnitude), max(largest, magnitude)
		}
	}
	if largest > 0 {
		small := smallest < f.kind.round(1e-4) || f.kind.round(largest/smallest) > 1000
		f.exponents = largest >= math.Pow10(min(8, f.kind.decimals)) || !suppress && small
	}
	fraction := 0
	for offset := range shown {
		x := get(offset)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		whole, digits, exponent := f.kind.digits(x, f.verb(), f.precision, f.plus)
		f.left, fraction = max(f.left, len(whole)), max(fraction, len(digits))
		f.digits = max(f.digits, len(exponent)-1)
	}
	f.right = fraction
	if f.exponents {
		f.precision = fraction
		f.right += len("e+") + f.digits
	}
	if specials {
		f.left = max(f.left, len("nan")-1-f.right)
	}
	if specials && signed {
		f.left = max(f.left, len("-inf")-1-f.right)
	}
}

func (f *floatColumn) verb() byte {
	if f.exponents {
		return 'e'
	}
	return 'f'
}

func (f *floatColumn) text(x float64) string {
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		return padLeft(special(x, f.plus), f.left+1+f.right)
	case f.exponents:
		whole, fraction, exponent := floatParts(f.kind.shortest(x, 'e'), f.plus)
		if len(fraction) != f.precision {
			whole, fraction, exponent = floatParts(strconv.FormatFloat(x, 'e', f.precision, 64), f.plus)
		}
		zeros := strings.Repeat("0", max(f.digits+1-len(exponent), 0))
		return padLeft(whole, f.left) + "." + fraction + "e" + exponent[:1] + zeros + exponent[1:]
	}
	whole, fraction, _ := f.kind.digits(x, 'f', f.precision, f.plus)
	return padLeft(whole, f.left) + "." + fraction + strings.Repeat(" ", max(f.right-len(fraction), 0))
}
