package amd64

import (
	"slices"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/samebytes/samebytes/ndarray/internal/kern/gen/table"
)

// convert writes the kernels of conversions between numbers, as Go has them on amd64: a float becomes an integer of 32 bits by way
// of an int32, an uint32 by way of an int64, and narrower ones are the lowest bits of an int32.
func convert(f *file) {
	for _, s := range isas {
		for _, from := range reals {
			written := map[string]bool{}
			for _, to := range reals {
				name := "convert" + from.name + to.resultOf(from)
				if to == from {
					continue
				}
				index := []string{"reflect." + to.kind, "reflect." + from.kind}
				if written[name] {
					i := slices.IndexFunc(f.entries, func(e table.Entry) bool { return e.Function == name+s.name })
					e := f.entries[i]
					e.Index = index
					f.entries = append(f.entries, e)
					continue
				}
				step, body := s.conversion(to, from)
				if body == nil {
					continue
				}
				written[name] = true
				f.mapKernel(s, mapping{
					table: "Convert", index: index, name: name, in: []int{from.size}, out: to.size, step: step, unroll: 2,
					prepare: body,
				})
				if from == u8 {
					f.alias(index[0], "reflect.Bool")
				}
			}
			if from == u8 { // to itself, from bool
				f.mapKernel(s, mapping{
					table: "Convert", index: []string{"reflect.Uint8", "reflect.Bool"}, name: "convertBool8", in: []int{1}, out: 1,
					step: s.width, unroll: 2, prepare: plain,
				})
			}
		}
	}
}

// plain copies.
func plain(*kernel) body {
	return func(k *kernel, src []operand.Mem, dst operand.Mem) { k.VMOVUPD(k.load(src[0]), dst) }
}

// resultOf names what d has in common with other types to which from is converted in the same way.
func (d *dtype) resultOf(from *dtype) string {
	if d.isFloat() || from.isFloat() && d.isUnsigned() && d.size >= 4 {
		return d.name
	}
	return "to" + d.name[1:]
}

// conversion returns how many elements are converted at a time, and how.
func (s *isa) conversion(to, from *dtype) (step int, prepare func(k *kernel) body) {
	large := max(to.size, from.size)
	switch {
	case !to.isFloat() && !from.isFloat() && to.size == from.size:
		return s.width / to.size, plain
	case large == 8 && s == avx512:
		return 8, func(k *kernel) body { return k.convert8(to, from) }
	case large == 2:
		return s.width / 2, func(k *kernel) body { return k.convert2(to, from) }
	case s == avx512 && from == f32 && to == u32:
		return 8, func(k *kernel) body { return k.convert8(to, from) }
	case s == avx512:
		return 16, func(k *kernel) body { return k.convert4(to, from) }
	case from.isFloat() && (to == u32 || to.size == 8 && !to.isFloat()), from.size == 8 && !from.isFloat() && to.isFloat():
		return 0, nil // for which AVX2 has no instructions
	}
	return 8, func(k *kernel) body { return k.convertHalves(to, from) }
}

// extensions are the instructions that widen integers, by their bytes before and after: of signed ones, and of unsigned.
var extensions = map[[2]int][2]func(c *build.Context, ops ...operand.Op){
	{1, 2}: {(*build.Context).VPMOVSXBW, (*build.Context).VPMOVZXBW},
	{1, 4}: {(*build.Context).VPMOVSXBD, (*build.Context).VPMOVZXBD},
	{1, 8}: {(*build.Context).VPMOVSXBQ, (*build.Context).VPMOVZXBQ},
	{2, 4}: {(*build.Context).VPMOVSXWD, (*build.Context).VPMOVZXWD},
	{2, 8}: {(*build.Context).VPMOVSXWQ, (*build.Context).VPMOVZXWQ},
	{4, 8}: {(*build.Context).VPMOVSXDQ, (*build.Context).VPMOVZXDQ},
}

// extend widens integers of d at m to size bytes in v.
func (k *kernel) extend(d *dtype, size int, m operand.Op, v reg.Register) {
	if d.size == size {
		k.VMOVUPD(m, v)
		return
	}
	signed := 0
	if d.isUnsigned() {
		signed = 1
	}
	extensions[[2]int{d.size, size}][signed](k.Context, m, v)
}

// truncations are the instructions of AVX-512 that keep the lowest bytes of integers, by the bytes before and after.
var truncations = map[[2]int]func(c *build.Context, ops ...operand.Op){
	{2, 1}: (*build.Context).VPMOVWB, {4, 1}: (*build.Context).VPMOVDB, {4, 2}: (*build.Context).VPMOVDW,
	{8, 1}: (*build.Context).VPMOVQB, {8, 2}: (*build.Context).VPMOVQW, {8, 4}: (*build.Context).VPMOVQD,
}

// truncate stores the lowest bytes of integers of size bytes in v.
func (k *kernel) truncate(size int, d *dtype, v reg.Register, m operand.Op) {
	if d.size == size {
		k.VMOVUPD(v, m)
		return
	}
	truncations[[2]int{size, d.size}](k.Context, v, m)
}

// convert2 converts integers of one byte to such of two, or the other way.
func (k *kernel) convert2(to, from *dtype) body {
	var low reg.VecVirtual
	if k.isa == avx2 && to.size == 1 {
		low = k.load(k.constant(2, 0xff))
	}
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x := k.vec()
		switch {
		case to.size == 2:
			k.extend(from, 2, src[0], x)
			k.VMOVUPD(x, dst)
		case k.isa == avx512:
			k.truncate(2, to, k.load(src[0]), dst)
		default:
			k.VPAND(src[0], low, x)
			k.storeWords(x, dst)
		}
	}
}

// storeWords stores the sixteen words of v, none above 255, as bytes.
func (k *kernel) storeWords(v reg.VecVirtual, dst operand.Mem) {
	upper := k.XMM()
	k.VEXTRACTI128(operand.U8(1), v, upper)
	k.VPACKUSWB(upper, v.AsX(), upper)
	k.VMOVDQU(upper, dst)
}

// convert4 converts sixteen numbers of at most four bytes.
func (k *kernel) convert4(to, from *dtype) body {
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		x := k.ZMM()
		switch {
		case from == f32:
			k.VCVTTPS2DQ(src[0], x)
		case from == u32 && to == f32:
			k.VCVTUDQ2PS(src[0], x)
		case from == i32 && to == f32:
			k.VCVTDQ2PS(src[0], x)
		default:
			k.extend(from, 4, src[0], x)
			if to == f32 {
				k.VCVTDQ2PS(x, x)
			}
		}
		k.truncate(4, to, x, dst)
	}
}

// convert8 converts eight numbers, one side's of eight bytes, by AVX-512's instructions.
func (k *kernel) convert8(to, from *dtype) body {
	var limit, sign reg.VecVirtual
	if to == u64 && from.isFloat() {
		limit, sign = k.load(k.constant(8, 0x43e<<52)), k.load(k.constant(8, 1<<63))
	}
	return func(k *kernel, src []operand.Mem, dst operand.Mem) {
		m, z, y := src[0], k.ZMM(), k.YMM()
		switch {
		case from == f64 && to == f32:
			k.VCVTPD2PS(m, y)
			k.VMOVUPD(y, dst)
		case from == f32 && to == f64:
			k.VCVTPS2PD(m, z)
			k.VMOVUPD(z, dst)
		case from.isFloat() && to == u64: // from 1<<63 on, what is above it and that
			x, reduced, high := k.ZMM(), k.ZMM(), k.ZMM()
			if from == f32 {
				k.VCVTPS2PD(m, x)
			} else {
				k.VMOVUPD(m, x)
			}
			below := k.K()
			k.VCMPPD(operand.U8(0x11), limit, x, below)
			k.VSUBPD(limit, x, reduced)
			k.VCVTTPD2QQ(reduced, high)
			k.VPORQ(sign, high, high)
			k.VCVTTPD2QQ(x, below, high)
			k.VMOVUPD(high, dst)
		case from == f64 && to.size == 8, from == f64 && to == u32:
			k.VCVTTPD2QQ(m, z)
			k.truncate(8, to, z, dst)
		case from == f32 && (to.size == 8 || to == u32):
			k.VCVTTPS2QQ(m, z)
			k.truncate(8, to, z, dst)
		case from == f64:
			k.VCVTTPD2DQ(m, y)
			k.truncate(4, to, y, dst)
		case from == i64 && to == f64:
			k.VCVTQQ2PD(m, z)
			k.VMOVUPD(z, dst)
		case from == i64 && to == f32:
			k.VCVTQQ2PS(m, y)
			k.VMOVUPD(y, dst)
		case from == u64 && to == f64:
			k.VCVTUQQ2PD(m, z)
			k.VMOVUPD(z, dst)
		case from == u64 && to == f32:
			k.VCVTUQQ2PS(m, y)
			k.VMOVUPD(y, dst)
		case from == u32 && to == f64:
			k.VCVTUDQ2PD(m, z)
			k.VMOVUPD(z, dst)
		case to == f64:
			k.extend(from, 4, m, y)
			k.VCVTDQ2PD(y, z)
			k.VMOVUPD(z, dst)
		case to.size == 8:
			k.extend(from, 8, m, z)
			k.VMOVUPD(z, dst)
		default:
			k.truncate(8, to, k.load(m), dst)
		}
	}
}
