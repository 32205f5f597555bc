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
// # Sharing
//
// Constructors that are named From, and [Array.Slice], [Array.T], [Array.Transpose], [Array.Reshape], [Array.Ravel],
// [Array.ReadOnly], [Array.Data], [Dense], [Matrix], [VecDense] and their kin for gonum share elements: what is written through
// one is read through the other, and nothing is allocated but their description. [New] and [Array.Copy] have memory of
// their own. No function shares in one case and copies in another: where sharing is impossible, it returns [ErrLayout].
//
// An array over a slice keeps the slice's memory alive. It does not keep a mapping alive: the package that mapped it says
// until when the array may be used.
//
// # Errors and panics
//
// What a caller could have checked panics, with a typed value: an index with [IndexError] or [SliceError], a shape or
// axes with [ShapeError], a write to a read-only array with [ErrReadOnly]. Constructors over data, Reshape and Ravel, and
// those for gonum return errors, since their arguments come from elsewhere: [ErrDType], [ErrShape] and [ErrLayout].
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
// none. Sums of floats are pairwise, whatever the layout, and the same however many goroutines share them. [CumSum],
// [CumProd] and [Diff] run along an axis; [Histogram] counts.
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
