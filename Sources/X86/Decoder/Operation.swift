/// Every operation, in the order of the lines of `encodingChapters`. A name ends in `_` where the plain
/// mnemonic is a word of the language.
package enum Operation: UInt16, CaseIterable, Sendable {
    // arithmetic
    case add, or, adc, sbb, and, sub, xor, cmp, test
    // unary
    case inc, dec, not, neg, rol, ror, rcl, rcr, shl, shr, sar, shld, shldCL, shrd, shrdCL
    // multiply
    case mul, imul, div, idiv, imul2, imul3, daa, das, aaa, aas, aam, aad
    // move
    case mov, lea, movzx, movsx, xchg, push, pop, leave, enter, cmov, set, bswap, convertUp, convertAcross,
        xlat, movbe, movnti, nop, pause, pushAll, popAll, bound, setCarry
    // bits
    case bt, bts, btr, btc, popcnt, tzcnt, lzcnt, bsf, bsr, xadd, cmpxchg, cmpxchg8, crc32, clc, stc, cmc,
        cld, std, lahf, sahf, adcx, adox, andn, bextr, blsr, blsmsk, blsi, bzhi, mulx, pdep, pext, rorx, sarx,
        shlx, shrx
    // string
    case movs, cmps, stos, lods, scas
    // branch
    case jcc, jmp, jmpIndirect, call, callIndirect, ret, retImm, loopne, loope, loop, jrcxz, int3, int1,
        int, ud2, ud1, ud0, into
    // system
    case syscall, sysret, sysenter, sysexit, iret, retFar, retFarImm, jmpFar, callFar,
        jmpFarDirect, callFarDirect, arpl, hlt, cli, sti, pushf, popf,
        inImmediate, inDX, outImmediate, outDX, ins, outs, movFromSegment, movToSegment, pushFS, popFS,
        pushGS, popGS, pushSegment, popSegment, les, lds, lss, lfs, lgs, movFromControl, movToControl,
        movFromDebug, movToDebug, clts, lgdt,
        lidt, sgdt, sidt, smsw, lmsw, invlpg, swapgs, rdtscp, xgetbv, xsetbv, clac, stac, sldt, str, lldt,
        ltr, verr, verw, lar, lsl, rdtsc, rdmsr, wrmsr, rdpmc, cpuid, invd, wbinvd, invpcid, rdfsbase,
        rdgsbase, wrfsbase, wrgsbase, fxsave, fxrstor, ldmxcsr, stmxcsr, clflush, lfence, mfence, sfence,
        rdrand, rdseed
    // vectorMove
    case movups, movdqu, movaps, movdqa, movnt, movss, movsd, movhlps, movlhps, movlp, movhp, movd, movdTo,
        pextrb, pextrwTo, pextrd, extractps, movq, movqTo, maskmovdqu, mmxMovd, mmxMovdTo, mmxMovq, maskmovq,
        movq2dq, movdq2q, emms
    // vector
    case unpckl, unpckh, movsldup, movshdup, movddup, sqrt, rsqrt, rcp, andp, andnp, orp, xorp, addp, mulp,
        cvtFloat, cvtInteger, subp, minp, divp, maxp, cmpp, shufp, hadd, hsub, addsub, pshufd, pshufhw,
        pshuflw, punpcklbw, punpcklwd, punpckldq, packsswb, pcmpgtb, pcmpgtw, pcmpgtd, packuswb, punpckhbw,
        punpckhwd, punpckhdq, packssdw, punpcklqdq, punpckhqdq, pcmpeqb, pcmpeqw, pcmpeqd, psrlw, psrld,
        psrlq, psrldq, psllw, pslld, psllq, pslldq, psraw, psrad, paddq, pmullw, psubusb, psubusw, pminub,
        pand, paddusb, paddusw, pmaxub, pandn, pavgb, pavgw, pmulhuw, pmulhw, psubsb, psubsw, pminsw, por,
        paddsb, paddsw, pmaxsw, pxor, pmuludq, pmaddwd, psadbw, psubb, psubw, psubd, psubq, paddb, paddw,
        paddd, pshufb, phaddw, phaddd, phaddsw, pmaddubsw, phsubw, phsubd, phsubsw, psignb, psignw, psignd,
        pmulhrsw, pabsb, pabsw, pabsd, palignr, pblendvb, blendvps, blendvpd, pmovsxbw, pmovsxbd, pmovsxbq,
        pmovsxwd, pmovsxwq, pmovsxdq, pmuldq, pcmpeqq, movntdqa, packusdw, pmovzxbw, pmovzxbd, pmovzxbq,
        pmovzxwd, pmovzxwq, pmovzxdq, pcmpgtq, pminsb, pminsd, pminuw, pminud, pmaxsb, pmaxsd, pmaxuw,
        pmaxud, pmulld, phminposuw, roundps, roundpd, roundss, roundsd, blendps, blendpd, pblendw,
        insertps, dpps, dppd, mpsadbw, pinsrw, pinsrb, pinsrd, cvtsi2s, pshufw, cvtpi2p, cvttp2pi, cvtp2pi,
        aesimc, aesenc, aesenclast, aesdec, aesdeclast,
        aeskeygenassist, pclmulqdq, sha1nexte, sha1msg1, sha1msg2, sha256rnds2, sha256msg1, sha256msg2,
        sha1rnds4
    // vectorResult
    case cvtts2si, cvts2si, ucomis, comis, movmsk, pmovmskb, pextrw, ptest, pcmpestrm, pcmpestri,
        pcmpistrm, pcmpistri
    // x87
    case x87, fwait
    /// What is no instruction.
    case undefined
}
