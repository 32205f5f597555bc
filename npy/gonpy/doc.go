// Package gonpy has the names of github.com/kshedden/gonpy, so that a program that uses it moves to this library by changing
// the import, and then to package npy where it wants more than flat slices.
//
//	import "github.com/samebytes/samebytes/npy/gonpy" // was "github.com/kshedden/gonpy"
//
//	r, err := gonpy.NewFileReader("data.npy")
//	data, err := r.GetFloat64() // r.Shape says how they lie
//
// # What differs
//
//   - Every valid header is read: also version 3.0, comments, double quotes, and whatever else [npy.Parse] knows. One for whose
//     elements there is no dtype is refused by NewReader.
//   - Bytes that are no header, or too few of them, give the errors of package npy. Nothing panics, and memory is taken as
//     elements come.
//   - ColumnMajor is false where both orders are the same, as of one axis. Setting a reader's fields changes nothing.
//   - Get closes the file that NewFileReader has opened, and a second one is [os.ErrClosed]; there is a Close for who needs no elements.
//   - Write refuses a Shape that has not as many elements as the data, closes what it wrote to also after an error, and returns
//     the error of closing. The bytes are np.save's; any [binary.ByteOrder] does, and a Version may be 3.
//
// Readers and writers are for one goroutine at a time.
package gonpy
