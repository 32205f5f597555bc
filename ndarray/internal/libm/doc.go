// Package libm has functions of floats and complex numbers where package math's are more than 2 units in the last place off.
// All of its own are within 2, on all of float64.
//
// Where the rest of a rounded product is computed, the product is written as a conversion, which keeps compilers from fusing it
// with a sum. It takes methods and coefficients from FreeBSD's msun, which has the notice:
//
//	Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
//
//	Developed at SunPro, a Sun Microsystems, Inc. business.
//	Permission to use, copy, modify, and distribute this
//	software is freely granted, provided that this notice
//	is preserved.
package libm
