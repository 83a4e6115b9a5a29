"""One World holds the physical truth; emulated chips sit on emulated buses under the real drivers."""
