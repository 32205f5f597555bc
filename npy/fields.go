package npy

import (
	"fmt"
	"slices"

	"github.com/samebytes/samebytes/ndarray"
)

// hasFields returns an error unless elements of a dtype can be read as those of another: both are structs, and each of want's
// fields is in found, of the same dtype or, where it is a struct itself or a subarray of structs, with fields for which the same holds.
func hasFields(found, want ndarray.DType) error {
	if shape := want.Shape(); shape != nil && slices.Equal(shape, found.Shape()) {
		return hasFields(found.Base(), want.Base())
	}
	fields := want.Fields()
	if fields == nil || found.Fields() == nil {
		return fmt.Errorf("%w: expected %v, found %v", ndarray.ErrDType, want, found)
	}
	for _, f := range fields {
		of, ok := found.Field(f.Name)
		if !ok {
			return fmt.Errorf("%w: expected a field %q, found %v", ndarray.ErrDType, f.Name, found)
		}
		if of.DType == f.DType {
			continue
		}
		if err := hasFields(of.DType, f.DType); err != nil {
			return fmt.Errorf("field %q: %w", f.Name, err)
		}
	}
	return nil
}

// withFields returns the elements of a, structs, as structs of T, for which hasFields has returned no error.
func withFields[T ndarray.Element](a *ndarray.Any) (*ndarray.Array[T], error) {
	_, nbytes, err := ndarray.Size(a.Shape(), ndarray.DTypeOf[T]().Size())
	if err != nil {
		return nil, wrapped(err)
	}
	if err := roomFor(nbytes); err != nil {
		return nil, err
	}
	dst := ndarray.New[T](a.Shape()...)
	if err := copyFields(dst.Any(), a); err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	return dst, nil
}

func copyFields(dst, a *ndarray.Any) error {
	if dst.DType() == a.DType() {
		return a.CopyTo(dst)
	}
	for _, f := range dst.DType().Fields() {
		to, err := dst.Field(f.Name)
		if err != nil {
			return err
		}
		from, err := a.Field(f.Name)
		if err != nil {
			return err
		}
		if err := copyFields(to, from); err != nil {
			return err
		}
	}
	return nil
}
