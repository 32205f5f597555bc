package ndarray

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PrintOptions says how [Array.Text] prints. A zero field stands for what NumPy does unless told otherwise.
type PrintOptions struct {
	Precision int  // most digits after the point; 0 means 8, and a negative number none
	Threshold int  // most elements of an array that is shown whole; 0 means 1000
	EdgeItems int  // elements shown at each end of the axes of any other array; 0 means 3
	LineWidth int  // characters on a line, unless one element takes more; 0 means 75
	Suppress  bool // print small numbers without exponent, as zero if need be
}

// resolved returns the options with NumPy's defaults in place.
func (o PrintOptions) resolved() PrintOptions {
	set := func(field *int, standard int) {
		if *field == 0 {
			*field = standard
		}
	}
	set(&o.Precision, 8)
	set(&o.Threshold, 1000)
	set(&o.EdgeItems, 3)
	set(&o.LineWidth, 75)
	o.Precision = max(o.Precision, 0)
	o.EdgeItems = max(o.EdgeItems, 1)
	return o
}

// Format implements [fmt.Formatter], as NumPy prints:
//
//	%v %s  str(a): columns aligned, as many digits as tell elements apart but at most 8 after the point
//	%#v    repr(a): array([1., 2.], dtype=float32)
//	%.3v   with at most 3 digits after the point
//	%8v    with elements at least 8 characters wide
//
// Any other verb prints each element as package fmt does, with the flags, the width and the precision given: %.3f, %+8.2e,
// %04x. Columns are aligned there too. Of more than 1000 elements only the first and last three on each axis are shown, and
// no others are looked at; [Array.Text] takes other limits.
func (a *Array[T]) Format(s fmt.State, verb rune) {
	if a == nil {
		io.WriteString(s, "<nil>") // a State keeps its writer's errors for the caller of Fprintf
		return
	}
	p := a.printable()
	p.format(s, verb)
}

// String returns what NumPy's str does, as "[[1. 2.]\n [3. 4.]]": more than 1000 elements are summarised.
func (a *Array[T]) String() string { return fmt.Sprint(a) }

// Text returns what [Array.String] does, under other options.
func (a *Array[T]) Text(o PrintOptions) string {
	p := a.printable()
	return p.str(o)
}

// LogValue implements [slog.LogValuer]: a group of dtype, shape and a text of at most a few hundred bytes.
func (a *Array[T]) LogValue() slog.Value {
	if a == nil {
		return slog.StringValue("<nil>")
	}
	p := a.printable()
	return p.logValue()
}

// printable is an array as the printer knows it: where elements lie, and how to turn those at some offsets into texts. An
// array whose dtype is known at run time prints through it as well.
type printable struct {
	*layout
	dtype   string                     // as NumPy's repr names it
	implied bool                       // Python would take such elements for this dtype
	texts   func(PrintOptions) textsOf // the elements under %v
	scalar  func(offset int) string    // the element of an array without axes, which Python prints as a number
	value   func(offset int) any       // the element for package fmt
}

// textsOf returns the function that gives the text of the element at an offset. It may look at all the elements shown
// first, to make them equally wide.
type textsOf func(shown offsets) func(offset int) string

func (a *Array[T]) printable() printable {
	switch d := DTypeOf[T](); d.Kind() {
	case 'S', 'U', 'M', 'm', 'V':
		return a.Any().printable()
	case 'f':
		if d.Size() == 2 {
			return a.Any().printable()
		}
	}
	data := reflect.ValueOf(a.data) // reads elements of named types too
	p := printable{
		layout: &a.layout,
		dtype:  DTypeOf[T]().String(),
		value:  func(offset int) any { return a.data[offset] },
	}
	switch kind := data.Type().Elem().Kind(); kind {
	case reflect.Bool:
		p.implied = true
		p.scalar = func(offset int) string { return pythonBool(data.Index(offset).Bool()) }
		p.texts = func(PrintOptions) textsOf { return boolTexts(p.scalar, len(a.shape)) }
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.implied = kind == reflect.Int64
		p.scalar = func(offset int) string { return strconv.FormatInt(data.Index(offset).Int(), 10) }
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.scalar = func(offset int) string { return strconv.FormatUint(data.Index(offset).Uint(), 10) }
	case reflect.Float32, reflect.Float64:
		p.implied = kind == reflect.Float64
		k := floatKinds[data.Type().Elem().Bits()]
		get := func(offset int) float64 { return data.Index(offset).Float() }
		p.scalar = func(offset int) string { return k.scalar(get(offset), ".0") }
		p.texts = func(o PrintOptions) textsOf { return k.texts(get, o, false) }
	case reflect.Complex64, reflect.Complex128:
		p.implied = kind == reflect.Complex128
		k := floatKinds[data.Type().Elem().Bits()/2]
		get := func(offset int) complex128 { return data.Index(offset).Complex() }
		p.scalar = func(offset int) string { return k.complexScalar(get(offset)) }
		p.texts = func(o PrintOptions) textsOf { return k.complexTexts(get, o) }
	}
	if p.texts == nil {
		p.texts = func(PrintOptions) textsOf { return alignedTexts(p.scalar) }
	}
	return p
}

func pythonBool(v bool) string {
	if v {
		return "True"
	}
	return "False"
}

// boolTexts makes True as long as False, except in an array without axes.
func boolTexts(text func(offset int) string, ndim int) textsOf {
	return func(offsets) func(int) string {
		width := len("False")
		if ndim == 0 {
			width = 0
		}
		return func(offset int) string { return padLeft(text(offset), width) }
	}
}

// alignedTexts makes the texts of elements as wide as the widest.
func alignedTexts(text func(offset int) string) textsOf {
	return func(shown offsets) func(int) string {
		width := 0
		for offset := range shown {
			width = max(width, utf8.RuneCountInString(text(offset)))
		}
		return func(offset int) string { return padLeft(text(offset), width) }
	}
}

func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0)) + text
}

// format is [Array.Format].
func (p printable) format(s fmt.State, verb rune) {
	var o PrintOptions
	precision, hasPrecision := s.Precision()
	width, hasWidth := s.Width()
	switch {
	case verb != 'v' && verb != 's':
		element := fmt.FormatString(s, verb)
		p.scalar = func(offset int) string { return fmt.Sprintf(element, p.value(offset)) }
		p.texts = func(PrintOptions) textsOf { return alignedTexts(p.scalar) }
	case hasPrecision && precision == 0:
		o.Precision = -1
	case hasPrecision:
		o.Precision = precision
	}
	if hasWidth && (verb == 'v' || verb == 's') {
		p.texts, p.scalar = widened(p.texts, width), widenedText(p.scalar, width)
	}
	text := ""
	if verb == 'v' && s.Flag('#') {
		text = p.repr(o.resolved())
	} else {
		text = p.str(o)
	}
	io.WriteString(s, text) // a State keeps its writer's errors for the caller of Fprintf
}

// str returns what NumPy's str does. As there, an array without axes is printed as a number, unless digits were asked for.
func (p printable) str(o PrintOptions) string {
	if len(p.shape) == 0 && p.n == 1 && o.Precision == 0 {
		return p.scalar(p.offset)
	}
	return p.lines(o.resolved(), " ", 0)
}

// widened makes texts at least some characters wide.
func widened(texts func(PrintOptions) textsOf, width int) func(PrintOptions) textsOf {
	return func(o PrintOptions) textsOf {
		return func(shown offsets) func(int) string { return widenedText(texts(o)(shown), width) }
	}
}

func widenedText(text func(offset int) string, width int) func(offset int) string {
	return func(offset int) string { return padLeft(text(offset), width) }
}

// repr returns what NumPy's repr does.
func (p printable) repr(o PrintOptions) string {
	const open = "array("
	inner := o
	inner.LineWidth -= len(")")
	text := open + p.lines(inner, ", ", len(open))
	var extras []string
	if p.n == 0 && len(p.shape) != 1 || p.n > o.Threshold {
		extras = append(extras, "shape="+pythonTuple(p.shape))
	}
	if !p.implied || p.n == 0 {
		extras = append(extras, "dtype="+dtypeRepr(p.dtype))
	}
	if len(extras) == 0 {
		return text + ")"
	}
	text += ","
	extra := strings.Join(extras, ", ") + ")"
	last := text[strings.LastIndexByte(text, '\n')+1:]
	if utf8.RuneCountInString(last)+len(extra)+1 > o.LineWidth {
		return text + "\n" + strings.Repeat(" ", len(open)) + extra
	}
	return text + " " + extra
}

// pythonTuple returns a shape as Python writes it.
func pythonTuple(shape []int) string {
	if len(shape) == 1 {
		return fmt.Sprintf("(%d,)", shape[0])
	}
	texts := make([]string, len(shape))
	for d, length := range shape {
		texts[d] = strconv.Itoa(length)
	}
	return "(" + strings.Join(texts, ", ") + ")"
}

// logValue is [Array.LogValue]. Its text has one or two elements of each axis, on one line, unless that are too many.
func (p printable) logValue() slog.Value {
	const most, longest = 64, 200 // elements and bytes
	shown := 1
	for _, length := range p.shape {
		shown = min(shown*min(length, 2), 2*most)
	}
	text := "..."
	if shown <= most || p.n <= most {
		o := PrintOptions{Threshold: 8, EdgeItems: 1, LineWidth: math.MaxInt}.resolved()
		text = strings.Join(strings.Fields(p.lines(o, " ", 0)), " ")
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return slog.GroupValue(slog.String("dtype", p.dtype), slog.Any("shape", append([]int(nil), p.shape...)), slog.String("text", text))
}
