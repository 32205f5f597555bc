#include "textflag.h"

// func loadFence()
// DMB ISHLD: loads before it are done before loads after it.
TEXT ·loadFence(SB), NOSPLIT|NOFRAME, $0-0
	DMB	$0x9
	RET

// func storeFence()
// DMB ISHST: stores before it are seen before stores after it.
TEXT ·storeFence(SB), NOSPLIT|NOFRAME, $0-0
	DMB	$0xA
	RET
