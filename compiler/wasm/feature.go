package wasm

// Feature is a proposal that an instruction or a module needs.
type Feature string

// Features beyond WebAssembly 1.0 that this compiler knows by name.
const (
	FeatureNone           Feature = ""
	FeatureSignExtension  Feature = "sign-extension"
	FeatureSatTruncation  Feature = "nontrapping-float-to-int"
	FeatureBulkMemory     Feature = "bulk-memory"
	FeatureReferenceTypes Feature = "reference-types"
	FeatureMultiValue     Feature = "multi-value"
	FeatureMutableGlobals Feature = "mutable-globals"
	FeatureSIMD           Feature = "simd"
	FeatureExtendedConst  Feature = "extended-const"
	FeatureTailCall       Feature = "tail-call"
	FeatureMultiMemory    Feature = "multi-memory"
	FeatureRelaxedSIMD    Feature = "relaxed-simd"
	FeatureThreads        Feature = "threads"
	FeatureMemory64       Feature = "memory64"

	FeatureFunctionReferences Feature = "function-references"
	FeatureGC                 Feature = "gc"
	FeatureExceptions         Feature = "exception-handling"
	FeatureLegacyExceptions   Feature = "legacy-exceptions"
)
