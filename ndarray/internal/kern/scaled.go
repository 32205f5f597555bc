package kern

// AddScaled stores x + Alpha*y. It is used by its address, so that alpha is where kernels can read it.
type AddScaled[T Number] struct{ Alpha [1]T }

func (k *AddScaled[T]) Run(dst, a, b Vec[T], n int) { k.Rows(dst, a, b, n, 1) }

func (k *AddScaled[T]) Rows(dst, a, b Vec[T], n, rows int) {
	AddProduct[T]{}.Rows(dst, a, Vec[T]{Data: k.Alpha[:]}, b, n, rows)
}
