package model

import "maps"

// lowering is how nodes of an operator are computed.
type lowering struct {
	// fold computes a node on the host, where all that it reads is known; nil: the device does.
	fold func(*compiler, *node) error
	// lower adds a node to the program; nil: what it reads must be known.
	lower func(*compiler, *node) error
}

// lowerings are all operators that networks may have.
var lowerings = merged(known, hosted, moving, layers, elementwise(), byRows(), quantized, picking, sampling)

// merged is one table of all families.
func merged(families ...map[string]lowering) map[string]lowering {
	all := map[string]lowering{}
	for _, family := range families {
		maps.Copy(all, family)
	}
	return all
}

// hosted are the operators that the host computes in each run: see onHost.
var hosted = map[string]lowering{"NonMaxSuppression": {}}

// known are the operators that follow from constants and shapes.
var known = map[string]lowering{
	"Constant":        {fold: foldConstant},
	"ConstantOfShape": {fold: foldConstantOfShape},
	"Range":           {fold: foldRange},
	"NonZero":         {fold: foldNonZero},
	"Shape":           {lower: foldShape},
	"Size":            {lower: foldSize},
}

// moving are the operators that only move numbers.
var moving = map[string]lowering{
	"Identity":  {lower: lowerIdentity},
	"Dropout":   {lower: lowerDropout},
	"Reshape":   {lower: lowerReshape},
	"Flatten":   {lower: lowerFlatten},
	"Squeeze":   {lower: lowerSqueeze},
	"Unsqueeze": {lower: lowerUnsqueeze},
	"Transpose": {lower: lowerTranspose},
	"Expand":    {lower: lowerExpand},
	"Split":     {lower: lowerSplit},
	"Concat":    {fold: foldConcat, lower: lowerConcat},
	"Crop":      {lower: lowerCrop},
	"Slice":     {lower: lowerSlice},
	"Pad":       {lower: lowerPad},
	"Tile":      {lower: lowerTile},
	"Resize":    {lower: lowerResize},
	"Upsample":  {lower: lowerResize},

	"DepthToSpace": {lower: lowerDepthToSpace},
	"SpaceToDepth": {lower: lowerSpaceToDepth},
}

// layers are the operators that package host computes.
var layers = map[string]lowering{
	"Conv":          {lower: lowerConv},
	"ConvTranspose": {lower: lowerConv},
	"Gemm":          {lower: lowerGemm},
	"MatMul":        {lower: lowerMatMul},
	"MaxPool":       {lower: lowerPool},
	"AveragePool":   {lower: lowerPool},
	"LpPool":        {lower: lowerPool},
}

// elementwise are the operators that compute number by number.
func elementwise() map[string]lowering {
	all := map[string]lowering{
		"Gelu":               {lower: lowerGelu},
		"Mod":                {fold: foldMod, lower: lowerMod},
		"IsInf":              {lower: lowerIsInf},
		"Where":              {fold: foldWhere, lower: lowerWhere},
		"Cast":               {fold: foldCast, lower: lowerCast},
		"CastLike":           {fold: foldCast, lower: lowerCast},
		"Clip":               {fold: foldClip, lower: lowerClip},
		"BatchNormalization": {lower: lowerNormalization},
		"ImageScaler":        {lower: lowerImageScaler},
	}
	for names, lower := range map[*map[string]string]func(*compiler, *node) error{
		&activationKernels: lowerFunction,
		&binary:            lowerBinary,
		&variadic:          lowerVariadic,
		&comparisons:       lowerComparison,
	} {
		for name := range *names {
			all[name] = lowering{lower: lower}
		}
	}
	for name := range parametric {
		all[name] = lowering{lower: lowerParametric}
	}
	for name := range folds {
		all[name] = lowering{foldArithmetic, all[name].lower}
	}
	all["Pow"] = lowering{foldPow, all["Pow"].lower}
	return all
}

// byRows are the operators that go through rows of numbers.
func byRows() map[string]lowering {
	all := map[string]lowering{
		"GlobalLpPool":              {lower: lowerGlobalPool},
		"ArgMax":                    {fold: foldExtreme, lower: lowerExtreme},
		"ArgMin":                    {fold: foldExtreme, lower: lowerExtreme},
		"Softmax":                   {lower: lowerSoftmax},
		"LogSoftmax":                {lower: lowerSoftmax},
		"Hardmax":                   {lower: lowerSoftmax},
		"CumSum":                    {fold: foldCumulate, lower: lowerCumulate},
		"LRN":                       {lower: lowerLRN},
		"InstanceNormalization":     {lower: lowerInstanceNormalization},
		"LayerNormalization":        {lower: lowerLayerNormalization},
		"GroupNormalization":        {lower: lowerGroupNormalization},
		"MeanVarianceNormalization": {lower: lowerMeanVariance},
	}
	for name := range reductions {
		all[name] = lowering{foldReduce, lowerReduce}
	}
	all["GlobalAveragePool"] = lowering{lower: lowerGlobalPool}
	all["GlobalMaxPool"] = lowering{lower: lowerGlobalPool}
	return all
}

// quantized are the operators of 8-bit whole numbers.
var quantized = map[string]lowering{
	"QuantizeLinear":        {lower: lowerQuantize},
	"DequantizeLinear":      {fold: foldDequantize, lower: lowerDequantize},
	"DynamicQuantizeLinear": {lower: lowerDynamicQuantize},
	"MatMulInteger":         {lower: lowerMatMulInteger},
	"QLinearMatMul":         {lower: lowerMatMulInteger},
	"ConvInteger":           {lower: lowerConvInteger},
	"QLinearConv":           {lower: lowerConvInteger},
}
