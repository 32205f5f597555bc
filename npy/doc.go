// Package npy is the .npy format: it reads, maps and writes the files of NumPy's np.save, and the headers at their beginning.
//
// # The format
//
// A file is a header and the elements. Numbers of the header are little-endian.
//
//	offset  bytes  version  content
//	0       6      all      magic: 93 4E 55 4D 50 59 ("\x93NUMPY")
//	6       1      all      major version: 1, 2 or 3
//	7       1      all      minor version: 0
//	8       2      1.0      length of the text, unsigned
//	8       4      2.0 3.0  length of the text, unsigned
//	10      ...    1.0      text, in latin-1
//	12      ...    2.0      text, in latin-1
//	12      ...    3.0      text, in UTF-8
//	...     ...    all      elements: their number times the itemsize, in C or Fortran order
//	...     ...    all      anything; readers SHOULD take no notice of it
//
// The text is the literal of a Python dict, as in
//
//	{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
//
// It MUST have these three keys, in any order, and no others:
//
//	descr          the type of the elements: a type string, (descr, shape) for a subarray, or a list of the fields of a struct
//	fortran_order  True or False: whether the first axis varies fastest
//	shape          a tuple of ints: the lengths of the axes, at most 64
//
// White space and comments MAY stand between any two tokens. Writers SHOULD end the text with spaces and a newline, so
// that the elements begin at a multiple of 64 bytes, and SHOULD leave room for an axis to grow to 21 digits.
//
// A type string is a byte order ('<' little-endian, '>' big-endian; '=', '|' or none for the machine's), a kind and an
// itemsize in bytes: b1, i1 to i8, u1 to u8, f2 to f8, c8, c16, and as many bytes as there are of S (bytes) and V (void); of
// U (text) the number of characters, of 4 bytes each. M8 and m8 (datetime64, timedelta64) may have a unit, as M8[25us]. What
// has no byte order may have any. <V2 is bfloat16, as the Python package ml_dtypes writes it; NumPy reads it as two bytes.
// Read as well are NumPy's letters for numbers (?, b, h, i, q, B, H, I, Q, e, f, d, F, D) and, without a byte order, the names
// of these and of times (bool, int8, float64, datetime64[ns] and so on).
//
// Of a struct, fields stand one behind the other. A field of kind V without a name is padding, and one that is an array has a
// third item, its shape. Its name may be a tuple of a title and the name; titles are not kept.
//
// # Archives
//
// An .npz is a zip archive of such files, as np.savez writes it. [OpenZip] opens one, [ReadMember] reads an array of it and [MapMember]
// maps one, and [CreateZip] makes one. Of an archive nothing is believed but its directory, which stands at the end, and that only as
// far as nothing contradicts it: the headers before the members say otherwise in what NumPy itself writes. So a member is refused
// whose CRC-32 or size is not the directory's, which shares bytes with another, or whose array needs more bytes than it has. What is behind the
// array in a member is not kept, but read for the CRC.
//
// Read are stored and deflated members, and those that bzip2 has compressed; LZMA, which NumPy reads as well, is refused as [ErrFormat], and so is
// what is encrypted. Names are as Python's zipfile has them: cut at a zero, and of code page 437 where no flag says UTF-8; Info-ZIP's
// extra field with another name is left unread. Written are members whose sizes stand before them, which readers need that don't look
// at the directory, and whose elements are aligned where they are stored.
//
// # Checksums
//
// [Checksum], [ChecksumFile] and [Member.Checksum] tell whether two arrays have the same contents, in whatever layout they lie.
//
// # Where this package and NumPy decide otherwise
//
// Whatever is read here is what NumPy reads. Refused, though NumPy reads it:
//
//   - as [ndarray.ErrDType], elements of which there is no DType: long double, structs whose fields have no name, structs more
//     than 16 deep, subarrays of elements without bytes; aliases whose size is the machine's ('l', 'p', 'int', 'intc', 'longlong') or
//     not written ('S', 'M', 'str', 'c'), C's and Python's names for numbers ('half', 'single', 'double', 'float', 'complex', 'csingle',
//     'byte', 'short', 'bool_'), 'a' for 'S' ('a5'), and several types or a shape in one string ('i4,f8', '(2,)i4'); sizes
//     with signs, spaces or zeros before them ('i08'); units that are a part of others ('M8[D/24]'), or none of them ('M8[0s]').
//     Subarrays outside of a struct NumPy takes for more axes, and then doesn't find their elements
//   - as [ErrFormat], what no writer writes: a descr that is a dict, or a type and another type; a list for a field's shape
//     (('a', '<f4', [2])), and a title that is no string ((1, 'a')); values of other types than a header's (floats, bytes, sets) for a
//     key that is given again, \N{name} and lone surrogates in strings, a sign before brackets (+(2)), a space before Python 2's L,
//     hexadecimal ints of more than 4300 digits, headers of more than [MaxHeader] bytes (NumPy reads 10,000 unless told otherwise)
//
// Read as something else: <V2 and >V2 are bfloat16 here, which has a byte order, and two bytes in NumPy.
//
// Read, though NumPy refuses it:
//
//   - white space before the dict, or on lines after it, that Python takes for an indentation
//   - archives behind other bytes, as programs that unpack themselves have them; whose end says a few bytes less than the directory
//     takes; and members whose header before them has another name, since the directory's is the one that counts
//   - members of an archive beside one with errors, of which NumPy (Python's zipfile) then opens nothing
//
// Refused as [ErrFormat], though NumPy reads it: archives whose end says another number of members than there are, or a comment that is
// longer than what follows.
//
// # Reading
//
// [Read] takes the next array of a stream, and no byte more; [ReadFile] the one of a file, of which a large one is read by as many
// goroutines as there are CPUs. They return arrays of a Go type, and refuse elements of another; [ReadAny] and [ReadFileAny]
// return whatever the header says. [ReadInto] fills an array that is there, or a view of one. [ReadHeader] and [ReadElements] are the two
// halves of ReadAny, for who decides by the header. Elements come in this machine's byte order and lie in the file's order: an array
// that the file has in Fortran order has the strides for that.
//
// [Map] copies nothing: its array's elements are the file's bytes, which are read when they are used, but for bools, which are looked
// at. So it refuses another byte order, and the file must stay as long as it is.
//
// What a header claims is checked against [Limits], and against the bytes that are there, before memory is taken for it.
//
// # Writing
//
// [Write] writes what np.save does, byte for byte, unless a [Format] asks for something else; [WriteFile] also puts the whole file in
// place at once. A [Writer] writes rows as they come, and [Append] adds some to a file. An array that has its elements neither in C nor
// in Fortran order is written in C order, block by block, without a copy of all of it.
//
// # What this package does not know
//
// It reads no pickles: Python objects are refused, wherever in a descr they stand. It does not know shared memory: a caller
// that has a header in memory of its own asks [HeaderSize] for its length, gives it to [Parse], and checks that there are
// [Header.NBytes] more.
//
// Any bytes give a header or an error, never a panic, and make [Parse] take less than 64 MiB. What panics are [Header.Append] and
// Write, with an [AlignError], and ReadInto, with [ndarray.ErrReadOnly] or an [ndarray.LayoutError]. All calls may run concurrently,
// but for those on one Writer or one stream: nothing here keeps state but the last header that was read, which is not parsed
// again where the next one is the same.
package npy
