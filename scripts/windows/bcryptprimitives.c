/* Wine 8 has no bcryptprimitives.dll, of which Go's runtime wants ProcessPrng. Windows has its own. */
__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long); /* RtlGenRandom */

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *data, unsigned long long size) {
	while (size) {
		unsigned long part = size < 1 << 30 ? size : 1 << 30;
		if (!SystemFunction036(data, part)) return 0;
		data += part, size -= part;
	}
	return 1;
}
