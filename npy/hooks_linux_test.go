package npy

import "math"

// LeftInGroups is what is tested without being public.
var LeftInGroups = leftInGroups

// NoLimit is what it returns where there is no limit.
const NoLimit = math.MaxInt
