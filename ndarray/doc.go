// Package ndarray has arrays of numbers on any number of axes, laid over memory that may belong to someone else.
//
// It knows elements, shapes and strides: which elements an array has, and where they lie. It knows no files and no
// operating system; whoever has bytes (package shm a mapping, package npy a file) hands them over as a slice.
//
// # Words
//
// The shape is the length of each axis. The strides say, for each axis, how many elements further the next index lies:
// in elements, where NumPy counts bytes. In C order the last index moves fastest through memory, in Fortran order the
// first. An array is contiguous if its elements lie one after the other in C order. A view is an array that shares the
// elements of another.
//
// # Element types
//
// Any Go type whose memory is what NumPy stores can be an element; [DTypeOf] has the list. Go structs are NumPy's structured
// dtypes: fields match by name (npy:"price", or the Go name), type and offset, so that C's alignment, which Python asks for
// with align=True, gives the same layout. [Field] is the array of one field.
//
//	NumPy                          Go
//	float16, ml_dtypes.bfloat16    Float16, BFloat16: convert to reckon
//	datetime64[ns]                 Datetime64[Nanosecond]: Time, Datetime64Of
//	timedelta64[s]                 Timedelta64[Second]: Duration, Timedelta64Of
//	S8, U8                         [8]Char, [8]UTF32: Text, SetText
//	dtype([("x", "f4"), ...])      struct { X float32 `npy:"x"`; ... }
//
// [Any] is an array of whatever dtype, known at run time: of a file, or of a struct that no Go type matches, such as a packed one
// whose fields are not aligned. [As] makes an Array of it. Of fields that are not aligned, copies are:
//
//	price, err := records.Field("price")
//	prices, err := ndarray.As[float64](price.Copy())
//
// # Sharing
//
// These share elements: what is written through one is read through the other, and nothing is allocated but their
// description.
//
//   - constructors that have From in their names, and [As], [ElementsOf], [Array.Any], [Array.Data], [Array.ReadOnly];
//   - parts: [Array.Slice], [Array.Row], [Array.Rows], [Array.Lanes], [Array.Blocks], [Array.Split], [Array.SplitAt],
//     [Array.Diagonal], [Field], [RealPart], [ImagPart];
//   - all elements in another shape or order: [Array.T], [Array.Transpose], [Array.MoveAxis], [Array.SwapAxes], [Array.Reshape],
//     [Array.Ravel], [Array.Squeeze], [Array.ExpandDims], [Array.Flip], [Array.Rot90], and [View] as another type;
//   - elements under several indices: [Array.BroadcastTo], [Array.SlidingWindow], [Meshgrid];
//   - [Dense], [Matrix], [VecDense] and their kin for gonum;
//   - the methods of [Any] of the same names.
//
// Whatever else returns an array without being given a dst has memory of its own: [New], [Array.Copy], [ArgWhere]. Functions
// that take a dst write their result there, and return dst; where dst is nil, they return a new array. No function
// shares in one case and copies in another: where sharing is impossible, it returns [ErrLayout].
//
// An array over a slice keeps the slice's memory alive. It does not keep a mapping alive: the package that mapped it says
// until when the array may be used.
//
// # Elementwise functions
//
// Add, Sqrt, Less and all others whose first parameter is dst and that don't say anything else store in each element of dst what
// they make of the elements of their operands with the same index, and return dst. A nil dst is a new array in C order. Operands are
// broadcast together, and dst has their common shape. An operand for all elements is a [Scalar]:
//
//	ndarray.Mul(a, a, ndarray.Scalar(2.0)) // a *= 2
//
// All have one type of elements, which Go checks: there is no promotion, and Convert is explicit. Functions of floats are within
// two units in the last place, and Exp, Exp2, Expm1, Log, Log2, Log10, Log1p, Sin, Cos and Tanh within one where there are kernels
// for the processor, which give the same bits on all that have them; otherwise those of float32 are computed in float64. Integers wrap, and divided by zero they give zero.
// They panic with a [ShapeError] that shows all shapes if those don't fit, with [ErrReadOnly] if dst is read-only, and
// with a [LayoutError] if an element of it lies under several indices: always before anything is written. Large arrays are
// shared out among goroutines: see [SetWorkers]. [Map] and [Apply2] take functions of your own, and [Eval] computes a whole
// expression without arrays for what lies between.
//
// # Broadcasting
//
// Shapes are matched from the last axis, as in NumPy. An axis of length one stretches to the length of the others, its element
// standing for all, and a missing one counts as one. So a row of shape (3) and a column of shape (2, 1) make a table of (2, 3).
// dst never stretches. [BroadcastShape] tells the common shape, [Array.BroadcastTo] makes the view.
//
// # Aliasing
//
// A function changes its dst, and nothing else. dst may be an operand, and then works in place; it may also overlap operands in
// any other way, as views of one array do. The result is as if all operands had been copied first. They are copied only where
// it could otherwise be another: where dst has other elements of the same memory, or the same in other places.
//
//	ndarray.CopyTo(a, a.T())                               // transposes a square array in place
//	ndarray.Roll(a, a, 1, 0)                               // rolls it in place
//	ndarray.CopyTo(a.Slice(ndarray.At(0)), row)            // NumPy's a[0] = row
//	ndarray.PutMask(a, mask, ndarray.Scalar(0.0))          // a[mask] = 0
//	ndarray.Where(a, mask, ndarray.Scalar(0.0), a)         // the same
//
// # Order and linear algebra
//
// [Sort], [ArgSort], [Partition], [SearchSorted], [Unique] and their kin know one order for each dtype, which is NumPy's: NaN
// and NaT come last. [MatMul] multiplies floats by the kernels of package blas, or where there are none and for complex
// numbers by gonum's BLAS; it adds up integers itself, wrapping. Package blas makes gonum multiply by its kernels too. All else of
// linear algebra, statistics and transforms is gonum's:
// [Dense], [Matrix], [VecDense], [SymDense], [CDense] and [General32] hand it an array's elements, and a contiguous
// array's [Array.Data] is a slice for packages stat and fourier.
//
// # Errors and panics
//
// What a caller could have checked panics, with a typed value: an index with [IndexError] or [SliceError], a shape or
// axes with [ShapeError], a write to a read-only array with [ErrReadOnly]. Constructors over data, Reshape and Ravel, and
// those for gonum return errors, since their arguments come from elsewhere: [ErrDType], [ErrShape] and [ErrLayout]. The value of
// a panic names the function that was called, and no function has written anything before it panics.
//
// A nil array is a dst to be made, and nothing else. As an operand it panics as any nil pointer does in Go, and so does the zero
// Array; where there must be something to write, a source of random numbers or an expression, nil panics with a [ValueError].
//
// # Concurrency
//
// Arrays are as safe as slices: many goroutines may read an element, or one write it while no other uses it. The
// description of an array never changes, so that views may be made from many goroutines at once.
//
// # Printing
//
// Arrays print as NumPy's do: %v as str, %#v as repr, and verbs for numbers, as %.3f, on every element. More than 1000
// elements are summarised: see [Array.Format], and [Array.Text] for other limits. As the value of a log's attribute an
// array is a group of its dtype, its shape and a short text.
//
// # Reductions
//
// [Sum], [Prod], [Mean], [Var], [Std], [Average], [Min], [Max], [Ptp], [ArgMin], [ArgMax], [AllTrue], [AnyTrue], [CountNonZero],
// [Median] and [Quantile] make one value of all elements. With To behind their name they make one for each index of the axes
// that are not named, and store it in dst: see [SumTo] for what its shape says. Those with NaN in front leave out what is
// none. Sums of floats are pairwise, in NumPy's order or one that rounds less (see [Sum]), and the same however many goroutines
// share them. [CumSum], [CumProd] and [Diff] run along an axis; [Histogram] counts.
//
// # Ranges and random numbers
//
// [Arange], [Linspace], [Logspace], [Geomspace], [Full], [Ones], [Eye], [Tri] and [Indices] return arrays with memory of
// their own, [Meshgrid] views. [Random], [RandomNormal], [RandomExp] and [RandomIntN] fill an array, and [Shuffle] orders
// one anew, with the numbers of a source of math/rand/v2, in C order whatever the layout.
//
// # Speed
//
// At and Set of a 2-d array whose strides are not negative cost up to half more than those of gonum's Dense; on other
// arrays they take a few nanoseconds (go test -run '^$' -bench . ./ndarray prints all of them). [Array.Data] of a
// contiguous array is a plain slice, and the fastest way to all of its elements.
package ndarray
