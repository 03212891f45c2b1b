/// The encodings of one chapter: for each operation a line with its name and all its encodings.
package struct EncodingChapter: Sendable {
    package let chapter: Chapter
    package let text: StaticString

    init(_ chapter: Chapter, _ text: StaticString) {
        self.chapter = chapter
        self.text = text
    }
}

/// The instruction set as text; see `EncodingTable` for who reads it. An encoding is
///
///     [prefix]opcode[*|&][/digit|=modrm][:operands][+flags]
///
/// - prefix: `n` none, `p` 66, `s` F3, `r` F2 is demanded; without it 66 is the operand size.
/// - opcode: hexadecimal, `0f`, `0f38` and `0f3a` being the further maps; `*` stands for sixteen opcodes, one
///   for each condition, and `&` for eight, one for each register.
/// - operands: a kind and a size. Kinds: `E` register or memory, `M` memory, `R` register, all three by ModRM.rm;
///   `G` register by ModRM.reg; `Z` register by the opcode; `A` accumulator; `C` the register CL; `V` vector
///   register by ModRM.reg, `W` vector register or memory, `U` vector register by ModRM.rm; `S` segment
///   register, `K` control register, `D` debug register; `O` memory at an absolute address; `J` relative
///   target; `I` immediate; `B` register by VEX.vvvv; `P`, `Q` and `N` what `V`, `W` and `U` are, of MMX registers. Sizes: `b` `w` `d` `q` `x` 1 to 16 bytes; `v` the operand size; `y` 4 or 8 by REX.W;
///   for immediates `z` at most 4, `s` a signed byte, `1` the number one, `p` a far
///   pointer; `_` none.
/// - flags: `l` takes LOCK; `6` 64 bits wide in 64-bit mode unless 66 makes it 16; `f` always 64 in 64-bit
///   mode; `x` not in 64-bit mode; `o` only there; `m` obeys MXCSR; `0` reads XMM0; `u` may be unaligned; `v` coded
///   by VEX.
package let encodingChapters: [EncodingChapter] = [
    EncodingChapter(
        .arithmetic,
        """
        add 00:Eb,Gb+l 01:Ev,Gv+l 02:Gb,Eb 03:Gv,Ev 04:Ab,Ib 05:Av,Iz 80/0:Eb,Ib+l 81/0:Ev,Iz+l 83/0:Ev,Is+l 82/0:Eb,Ib+lx
        or 08:Eb,Gb+l 09:Ev,Gv+l 0a:Gb,Eb 0b:Gv,Ev 0c:Ab,Ib 0d:Av,Iz 80/1:Eb,Ib+l 81/1:Ev,Iz+l 83/1:Ev,Is+l 82/1:Eb,Ib+lx
        adc 10:Eb,Gb+l 11:Ev,Gv+l 12:Gb,Eb 13:Gv,Ev 14:Ab,Ib 15:Av,Iz 80/2:Eb,Ib+l 81/2:Ev,Iz+l 83/2:Ev,Is+l 82/2:Eb,Ib+lx
        sbb 18:Eb,Gb+l 19:Ev,Gv+l 1a:Gb,Eb 1b:Gv,Ev 1c:Ab,Ib 1d:Av,Iz 80/3:Eb,Ib+l 81/3:Ev,Iz+l 83/3:Ev,Is+l 82/3:Eb,Ib+lx
        and 20:Eb,Gb+l 21:Ev,Gv+l 22:Gb,Eb 23:Gv,Ev 24:Ab,Ib 25:Av,Iz 80/4:Eb,Ib+l 81/4:Ev,Iz+l 83/4:Ev,Is+l 82/4:Eb,Ib+lx
        sub 28:Eb,Gb+l 29:Ev,Gv+l 2a:Gb,Eb 2b:Gv,Ev 2c:Ab,Ib 2d:Av,Iz 80/5:Eb,Ib+l 81/5:Ev,Iz+l 83/5:Ev,Is+l 82/5:Eb,Ib+lx
        xor 30:Eb,Gb+l 31:Ev,Gv+l 32:Gb,Eb 33:Gv,Ev 34:Ab,Ib 35:Av,Iz 80/6:Eb,Ib+l 81/6:Ev,Iz+l 83/6:Ev,Is+l 82/6:Eb,Ib+lx
        cmp 38:Eb,Gb 39:Ev,Gv 3a:Gb,Eb 3b:Gv,Ev 3c:Ab,Ib 3d:Av,Iz 80/7:Eb,Ib 81/7:Ev,Iz 83/7:Ev,Is 82/7:Eb,Ib+x
        test 84:Eb,Gb 85:Ev,Gv a8:Ab,Ib a9:Av,Iz f6/0:Eb,Ib f6/1:Eb,Ib f7/0:Ev,Iz f7/1:Ev,Iz
        """),
    EncodingChapter(
        .unary,
        """
        inc fe/0:Eb+l ff/0:Ev+l 40&:Zv+x
        dec fe/1:Eb+l ff/1:Ev+l 48&:Zv+x
        not f6/2:Eb+l f7/2:Ev+l
        neg f6/3:Eb+l f7/3:Ev+l
        rol c0/0:Eb,Ib c1/0:Ev,Ib d0/0:Eb,I1 d1/0:Ev,I1 d2/0:Eb,Cb d3/0:Ev,Cb
        ror c0/1:Eb,Ib c1/1:Ev,Ib d0/1:Eb,I1 d1/1:Ev,I1 d2/1:Eb,Cb d3/1:Ev,Cb
        rcl c0/2:Eb,Ib c1/2:Ev,Ib d0/2:Eb,I1 d1/2:Ev,I1 d2/2:Eb,Cb d3/2:Ev,Cb
        rcr c0/3:Eb,Ib c1/3:Ev,Ib d0/3:Eb,I1 d1/3:Ev,I1 d2/3:Eb,Cb d3/3:Ev,Cb
        shl c0/4:Eb,Ib c1/4:Ev,Ib d0/4:Eb,I1 d1/4:Ev,I1 d2/4:Eb,Cb d3/4:Ev,Cb c0/6:Eb,Ib c1/6:Ev,Ib d0/6:Eb,I1 d1/6:Ev,I1 d2/6:Eb,Cb d3/6:Ev,Cb
        shr c0/5:Eb,Ib c1/5:Ev,Ib d0/5:Eb,I1 d1/5:Ev,I1 d2/5:Eb,Cb d3/5:Ev,Cb
        sar c0/7:Eb,Ib c1/7:Ev,Ib d0/7:Eb,I1 d1/7:Ev,I1 d2/7:Eb,Cb d3/7:Ev,Cb
        shld 0fa4:Ev,Gv,Ib
        shldCL 0fa5:Ev,Gv
        shrd 0fac:Ev,Gv,Ib
        shrdCL 0fad:Ev,Gv
        """),
    EncodingChapter(
        .multiply,
        """
        mul f6/4:Eb f7/4:Ev
        imul f6/5:Eb f7/5:Ev
        div f6/6:Eb f7/6:Ev
        idiv f6/7:Eb f7/7:Ev
        imul2 0faf:Gv,Ev
        imul3 69:Gv,Ev,Iz 6b:Gv,Ev,Is
        daa 27+x
        das 2f+x
        aaa 37+x
        aas 3f+x
        aam d4:Ib+x
        aad d5:Ib+x
        """),
    EncodingChapter(
        .move,
        """
        mov 88:Eb,Gb 89:Ev,Gv 8a:Gb,Eb 8b:Gv,Ev a0:Ab,Ob a1:Av,Ov a2:Ob,Ab a3:Ov,Av b0&:Zb,Ib b8&:Zv,Iv c6/0:Eb,Ib c7/0:Ev,Iz
        lea 8d:Gv,M_
        movzx 0fb6:Gv,Eb 0fb7:Gv,Ew
        movsx 0fbe:Gv,Eb 0fbf:Gv,Ew 63:Gv,Ed+o
        xchg 86:Eb,Gb+l 87:Ev,Gv+l 90&:Zv,Av
        push 50&:Zv+6 68:Iz+6 6a:Is+6 ff/6:Ev+6
        pop 58&:Zv+6 8f/0:Ev+6
        leave c9+6
        enter c8:Iw+6
        cmov 0f40*:Gv,Ev
        set 0f90*:Eb
        bswap 0fc8&:Zv
        convertUp 98
        convertAcross 99
        xlat d7:_b
        movbe n0f38f0:Gv,Mv p0f38f0:Gv,Mv n0f38f1:Mv,Gv p0f38f1:Mv,Gv
        movnti n0fc3:My,Gy
        nop 0f1f:E_ 0f0d:M_ 0f18:E_ 0f19:E_ 0f1a:E_ 0f1b:E_ 0f1c:E_ 0f1d:E_ 0f1e:E_
        pause s90
        pushAll 60+x
        popAll 61+x
        bound 62:Gv,M_+x
        setCarry d6+x
        """),
    EncodingChapter(
        .bits,
        """
        bt 0fa3:Ev,Gv 0fba/4:Ev,Ib
        bts 0fab:Ev,Gv+l 0fba/5:Ev,Ib+l
        btr 0fb3:Ev,Gv+l 0fba/6:Ev,Ib+l
        btc 0fbb:Ev,Gv+l 0fba/7:Ev,Ib+l
        popcnt s0fb8:Gv,Ev
        tzcnt s0fbc:Gv,Ev
        lzcnt s0fbd:Gv,Ev
        bsf 0fbc:Gv,Ev
        bsr 0fbd:Gv,Ev
        xadd 0fc0:Eb,Gb+l 0fc1:Ev,Gv+l
        cmpxchg 0fb0:Eb,Gb+l 0fb1:Ev,Gv+l
        cmpxchg8 0fc7/1:My+l
        crc32 r0f38f0:Gy,Eb r0f38f1:Gy,Ev
        clc f8
        stc f9
        cmc f5
        cld fc
        std fd
        lahf 9f
        sahf 9e
        adcx p0f38f6:Gy,Ey
        adox s0f38f6:Gy,Ey
        andn n0f38f2:Gy,Ey,By+v
        bextr n0f38f7:Gy,Ey,By+v
        blsr n0f38f3/1:By,Ey+v
        blsmsk n0f38f3/2:By,Ey+v
        blsi n0f38f3/3:By,Ey+v
        bzhi n0f38f5:Gy,Ey,By+v
        mulx r0f38f6:Gy,Ey,By+v
        pdep r0f38f5:Gy,Ey,By+v
        pext s0f38f5:Gy,Ey,By+v
        rorx r0f3af0:Gy,Ey,Ib+v
        sarx s0f38f7:Gy,Ey,By+v
        shlx p0f38f7:Gy,Ey,By+v
        shrx r0f38f7:Gy,Ey,By+v
        """),
    EncodingChapter(
        .string,
        """
        movs a4:_b a5:_v
        cmps a6:_b a7:_v
        stos aa:_b ab:_v
        lods ac:_b ad:_v
        scas ae:_b af:_v
        """),
    EncodingChapter(
        .branch,
        """
        jcc 70*:Jb+f 0f80*:Jz+f
        jmp e9:Jz+f eb:Jb+f
        jmpIndirect ff/4:Ev+f
        call e8:Jz+f
        callIndirect ff/2:Ev+f
        ret c3+f
        retImm c2:Iw+f
        loopne e0:Jb+f
        loope e1:Jb+f
        loop e2:Jb+f
        jrcxz e3:Jb+f
        int3 cc
        int1 f1
        int cd:Ib
        ud2 0f0b
        ud1 0fb9:E_
        ud0 0fff:E_
        into ce+x
        """),
    EncodingChapter(
        .system,
        """
        syscall 0f05+o
        sysret 0f07
        sysenter 0f34
        sysexit 0f35
        iret cf
        retFar cb
        retFarImm ca:Iw
        jmpFar ff/5:Mv
        callFar ff/3:Mv
        jmpFarDirect ea:Ip+x
        callFarDirect 9a:Ip+x
        arpl 63:Ew,Gw+x
        hlt f4
        cli fa
        sti fb
        pushf 9c+6
        popf 9d+6
        inImmediate e4:Ab,Ib e5:Av,Ib
        inDX ec:Ab ed:Av
        outImmediate e6:Ab,Ib e7:Av,Ib
        outDX ee:Ab ef:Av
        ins 6c:_b 6d:_v
        outs 6e:_b 6f:_v
        movFromSegment 8c:Ev,Sw
        movToSegment 8e:Sw,Ew
        pushFS 0fa0+6
        popFS 0fa1+6
        pushGS 0fa8+6
        popGS 0fa9+6
        pushSegment 06+x 0e+x 16+x 1e+x
        popSegment 07+x 17+x 1f+x
        les c4:Gv,M_+x
        lds c5:Gv,M_+x
        lss 0fb2:Gv,M_
        lfs 0fb4:Gv,M_
        lgs 0fb5:Gv,M_
        movFromControl 0f20:Rq,Kq+f
        movToControl 0f22:Kq,Rq+f
        movFromDebug 0f21:Rq,Dq+f
        movToDebug 0f23:Dq,Rq+f
        clts 0f06
        lgdt 0f01/2:M_
        lidt 0f01/3:M_
        sgdt 0f01/0:M_
        sidt 0f01/1:M_
        smsw 0f01/4:Ew
        lmsw 0f01/6:Ew
        invlpg 0f01/7:Mb
        swapgs 0f01=f8+o
        rdtscp 0f01=f9
        xgetbv n0f01=d0
        xsetbv n0f01=d1
        clac n0f01=ca
        stac n0f01=cb
        sldt 0f00/0:Ew
        str 0f00/1:Ew
        lldt 0f00/2:Ew
        ltr 0f00/3:Ew
        verr 0f00/4:Ew
        verw 0f00/5:Ew
        lar 0f02:Gv,Ew
        lsl 0f03:Gv,Ew
        rdtsc 0f31
        rdmsr 0f32
        wrmsr 0f30
        rdpmc 0f33
        cpuid 0fa2
        invd 0f08
        wbinvd 0f09
        invpcid p0f3882:Gq,Mx
        rdfsbase s0fae/0:Ry
        rdgsbase s0fae/1:Ry
        wrfsbase s0fae/2:Ry
        wrgsbase s0fae/3:Ry
        fxsave n0fae/0:M_
        fxrstor n0fae/1:M_
        ldmxcsr n0fae/2:Md
        stmxcsr n0fae/3:Md
        clflush n0fae/7:Mb
        lfence n0fae/5:Rd
        mfence n0fae/6:Rd
        sfence n0fae/7:Rd
        rdrand n0fc7/6:Rv p0fc7/6:Rv
        rdseed n0fc7/7:Rv p0fc7/7:Rv
        """),
    EncodingChapter(
        .vectorMove,
        """
        movups n0f10:Vx,Wx+u n0f11:Wx,Vx+u p0f10:Vx,Wx+u p0f11:Wx,Vx+u
        movdqu s0f6f:Vx,Wx+u s0f7f:Wx,Vx+u r0ff0:Vx,Mx+u
        movaps n0f28:Vx,Wx n0f29:Wx,Vx p0f28:Vx,Wx p0f29:Wx,Vx
        movdqa p0f6f:Vx,Wx p0f7f:Wx,Vx
        movnt n0f2b:Mx,Vx p0f2b:Mx,Vx p0fe7:Mx,Vx
        movss s0f10:Vx,Wd s0f11:Wd,Vx
        movsd r0f10:Vx,Wq r0f11:Wq,Vx
        movhlps n0f12:Vx,Ux
        movlhps n0f16:Vx,Ux
        movlp n0f12:Vx,Mq p0f12:Vx,Mq n0f13:Mq,Vx p0f13:Mq,Vx
        movhp n0f16:Vx,Mq p0f16:Vx,Mq n0f17:Mq,Vx p0f17:Mq,Vx
        movd p0f6e:Vx,Ey
        movdTo p0f7e:Ey,Vx
        pextrb p0f3a14:Mb,Vx,Ib p0f3a14:Rd,Vx,Ib
        pextrwTo p0f3a15:Mw,Vx,Ib p0f3a15:Rd,Vx,Ib
        pextrd p0f3a16:Ey,Vx,Ib
        extractps p0f3a17:Ed,Vx,Ib
        movq s0f7e:Vx,Wq
        movqTo p0fd6:Wq,Vx
        maskmovdqu p0ff7:Vx,Ux
        mmxMovd n0f6e:Pq,Ey
        mmxMovdTo n0f7e:Ey,Pq
        mmxMovq n0f6f:Pq,Qq n0f7f:Qq,Pq n0fe7:Mq,Pq
        maskmovq n0ff7:Pq,Nq
        movq2dq s0fd6:Vx,Nq
        movdq2q r0fd6:Pq,Ux
        emms n0f77
        """),
    EncodingChapter(
        .vector,
        """
        unpckl n0f14:Vx,Wx p0f14:Vx,Wx
        unpckh n0f15:Vx,Wx p0f15:Vx,Wx
        movsldup s0f12:Vx,Wx
        movshdup s0f16:Vx,Wx
        movddup r0f12:Vx,Wq
        sqrt n0f51:Vx,Wx+m p0f51:Vx,Wx+m s0f51:Vx,Wd+m r0f51:Vx,Wq+m
        rsqrt n0f52:Vx,Wx s0f52:Vx,Wd
        rcp n0f53:Vx,Wx s0f53:Vx,Wd
        andp n0f54:Vx,Wx p0f54:Vx,Wx
        andnp n0f55:Vx,Wx p0f55:Vx,Wx
        orp n0f56:Vx,Wx p0f56:Vx,Wx
        xorp n0f57:Vx,Wx p0f57:Vx,Wx
        addp n0f58:Vx,Wx+m p0f58:Vx,Wx+m s0f58:Vx,Wd+m r0f58:Vx,Wq+m
        mulp n0f59:Vx,Wx+m p0f59:Vx,Wx+m s0f59:Vx,Wd+m r0f59:Vx,Wq+m
        cvtFloat n0f5a:Vx,Wq+m p0f5a:Vx,Wx+m s0f5a:Vx,Wd+m r0f5a:Vx,Wq+m
        cvtInteger n0f5b:Vx,Wx+m p0f5b:Vx,Wx+m s0f5b:Vx,Wx+m r0fe6:Vx,Wx+m p0fe6:Vx,Wx+m s0fe6:Vx,Wq
        subp n0f5c:Vx,Wx+m p0f5c:Vx,Wx+m s0f5c:Vx,Wd+m r0f5c:Vx,Wq+m
        minp n0f5d:Vx,Wx+m p0f5d:Vx,Wx+m s0f5d:Vx,Wd+m r0f5d:Vx,Wq+m
        divp n0f5e:Vx,Wx+m p0f5e:Vx,Wx+m s0f5e:Vx,Wd+m r0f5e:Vx,Wq+m
        maxp n0f5f:Vx,Wx+m p0f5f:Vx,Wx+m s0f5f:Vx,Wd+m r0f5f:Vx,Wq+m
        cmpp n0fc2:Vx,Wx,Ib+m p0fc2:Vx,Wx,Ib+m s0fc2:Vx,Wd,Ib+m r0fc2:Vx,Wq,Ib+m
        shufp n0fc6:Vx,Wx,Ib p0fc6:Vx,Wx,Ib
        hadd p0f7c:Vx,Wx+m r0f7c:Vx,Wx+m
        hsub p0f7d:Vx,Wx+m r0f7d:Vx,Wx+m
        addsub p0fd0:Vx,Wx+m r0fd0:Vx,Wx+m
        pshufd p0f70:Vx,Wx,Ib
        pshufhw s0f70:Vx,Wx,Ib
        pshuflw r0f70:Vx,Wx,Ib
        punpcklbw p0f60:Vx,Wx n0f60:Pq,Qd
        punpcklwd p0f61:Vx,Wx n0f61:Pq,Qd
        punpckldq p0f62:Vx,Wx n0f62:Pq,Qd
        packsswb p0f63:Vx,Wx n0f63:Pq,Qq
        pcmpgtb p0f64:Vx,Wx n0f64:Pq,Qq
        pcmpgtw p0f65:Vx,Wx n0f65:Pq,Qq
        pcmpgtd p0f66:Vx,Wx n0f66:Pq,Qq
        packuswb p0f67:Vx,Wx n0f67:Pq,Qq
        punpckhbw p0f68:Vx,Wx n0f68:Pq,Qq
        punpckhwd p0f69:Vx,Wx n0f69:Pq,Qq
        punpckhdq p0f6a:Vx,Wx n0f6a:Pq,Qq
        packssdw p0f6b:Vx,Wx n0f6b:Pq,Qq
        punpcklqdq p0f6c:Vx,Wx
        punpckhqdq p0f6d:Vx,Wx
        pcmpeqb p0f74:Vx,Wx n0f74:Pq,Qq
        pcmpeqw p0f75:Vx,Wx n0f75:Pq,Qq
        pcmpeqd p0f76:Vx,Wx n0f76:Pq,Qq
        psrlw p0fd1:Vx,Wx p0f71/2:Ux,Ib n0fd1:Pq,Qq n0f71/2:Nq,Ib
        psrld p0fd2:Vx,Wx p0f72/2:Ux,Ib n0fd2:Pq,Qq n0f72/2:Nq,Ib
        psrlq p0fd3:Vx,Wx p0f73/2:Ux,Ib n0fd3:Pq,Qq n0f73/2:Nq,Ib
        psrldq p0f73/3:Ux,Ib
        psllw p0ff1:Vx,Wx p0f71/6:Ux,Ib n0ff1:Pq,Qq n0f71/6:Nq,Ib
        pslld p0ff2:Vx,Wx p0f72/6:Ux,Ib n0ff2:Pq,Qq n0f72/6:Nq,Ib
        psllq p0ff3:Vx,Wx p0f73/6:Ux,Ib n0ff3:Pq,Qq n0f73/6:Nq,Ib
        pslldq p0f73/7:Ux,Ib
        psraw p0fe1:Vx,Wx p0f71/4:Ux,Ib n0fe1:Pq,Qq n0f71/4:Nq,Ib
        psrad p0fe2:Vx,Wx p0f72/4:Ux,Ib n0fe2:Pq,Qq n0f72/4:Nq,Ib
        paddq p0fd4:Vx,Wx n0fd4:Pq,Qq
        pmullw p0fd5:Vx,Wx n0fd5:Pq,Qq
        psubusb p0fd8:Vx,Wx n0fd8:Pq,Qq
        psubusw p0fd9:Vx,Wx n0fd9:Pq,Qq
        pminub p0fda:Vx,Wx n0fda:Pq,Qq
        pand p0fdb:Vx,Wx n0fdb:Pq,Qq
        paddusb p0fdc:Vx,Wx n0fdc:Pq,Qq
        paddusw p0fdd:Vx,Wx n0fdd:Pq,Qq
        pmaxub p0fde:Vx,Wx n0fde:Pq,Qq
        pandn p0fdf:Vx,Wx n0fdf:Pq,Qq
        pavgb p0fe0:Vx,Wx n0fe0:Pq,Qq
        pavgw p0fe3:Vx,Wx n0fe3:Pq,Qq
        pmulhuw p0fe4:Vx,Wx n0fe4:Pq,Qq
        pmulhw p0fe5:Vx,Wx n0fe5:Pq,Qq
        psubsb p0fe8:Vx,Wx n0fe8:Pq,Qq
        psubsw p0fe9:Vx,Wx n0fe9:Pq,Qq
        pminsw p0fea:Vx,Wx n0fea:Pq,Qq
        por p0feb:Vx,Wx n0feb:Pq,Qq
        paddsb p0fec:Vx,Wx n0fec:Pq,Qq
        paddsw p0fed:Vx,Wx n0fed:Pq,Qq
        pmaxsw p0fee:Vx,Wx n0fee:Pq,Qq
        pxor p0fef:Vx,Wx n0fef:Pq,Qq
        pmuludq p0ff4:Vx,Wx n0ff4:Pq,Qq
        pmaddwd p0ff5:Vx,Wx n0ff5:Pq,Qq
        psadbw p0ff6:Vx,Wx n0ff6:Pq,Qq
        psubb p0ff8:Vx,Wx n0ff8:Pq,Qq
        psubw p0ff9:Vx,Wx n0ff9:Pq,Qq
        psubd p0ffa:Vx,Wx n0ffa:Pq,Qq
        psubq p0ffb:Vx,Wx n0ffb:Pq,Qq
        paddb p0ffc:Vx,Wx n0ffc:Pq,Qq
        paddw p0ffd:Vx,Wx n0ffd:Pq,Qq
        paddd p0ffe:Vx,Wx n0ffe:Pq,Qq
        pshufb p0f3800:Vx,Wx n0f3800:Pq,Qq
        phaddw p0f3801:Vx,Wx n0f3801:Pq,Qq
        phaddd p0f3802:Vx,Wx n0f3802:Pq,Qq
        phaddsw p0f3803:Vx,Wx n0f3803:Pq,Qq
        pmaddubsw p0f3804:Vx,Wx n0f3804:Pq,Qq
        phsubw p0f3805:Vx,Wx n0f3805:Pq,Qq
        phsubd p0f3806:Vx,Wx n0f3806:Pq,Qq
        phsubsw p0f3807:Vx,Wx n0f3807:Pq,Qq
        psignb p0f3808:Vx,Wx n0f3808:Pq,Qq
        psignw p0f3809:Vx,Wx n0f3809:Pq,Qq
        psignd p0f380a:Vx,Wx n0f380a:Pq,Qq
        pmulhrsw p0f380b:Vx,Wx n0f380b:Pq,Qq
        pabsb p0f381c:Vx,Wx n0f381c:Pq,Qq
        pabsw p0f381d:Vx,Wx n0f381d:Pq,Qq
        pabsd p0f381e:Vx,Wx n0f381e:Pq,Qq
        palignr p0f3a0f:Vx,Wx,Ib n0f3a0f:Pq,Qq,Ib
        pblendvb p0f3810:Vx,Wx+0
        blendvps p0f3814:Vx,Wx+0
        blendvpd p0f3815:Vx,Wx+0
        pmovsxbw p0f3820:Vx,Wq
        pmovsxbd p0f3821:Vx,Wd
        pmovsxbq p0f3822:Vx,Ww
        pmovsxwd p0f3823:Vx,Wq
        pmovsxwq p0f3824:Vx,Wd
        pmovsxdq p0f3825:Vx,Wq
        pmuldq p0f3828:Vx,Wx
        pcmpeqq p0f3829:Vx,Wx
        movntdqa p0f382a:Vx,Mx
        packusdw p0f382b:Vx,Wx
        pmovzxbw p0f3830:Vx,Wq
        pmovzxbd p0f3831:Vx,Wd
        pmovzxbq p0f3832:Vx,Ww
        pmovzxwd p0f3833:Vx,Wq
        pmovzxwq p0f3834:Vx,Wd
        pmovzxdq p0f3835:Vx,Wq
        pcmpgtq p0f3837:Vx,Wx
        pminsb p0f3838:Vx,Wx
        pminsd p0f3839:Vx,Wx
        pminuw p0f383a:Vx,Wx
        pminud p0f383b:Vx,Wx
        pmaxsb p0f383c:Vx,Wx
        pmaxsd p0f383d:Vx,Wx
        pmaxuw p0f383e:Vx,Wx
        pmaxud p0f383f:Vx,Wx
        pmulld p0f3840:Vx,Wx
        phminposuw p0f3841:Vx,Wx
        roundps p0f3a08:Vx,Wx,Ib+m
        roundpd p0f3a09:Vx,Wx,Ib+m
        roundss p0f3a0a:Vx,Wd,Ib+m
        roundsd p0f3a0b:Vx,Wq,Ib+m
        blendps p0f3a0c:Vx,Wx,Ib
        blendpd p0f3a0d:Vx,Wx,Ib
        pblendw p0f3a0e:Vx,Wx,Ib
        insertps p0f3a21:Vx,Wd,Ib
        dpps p0f3a40:Vx,Wx,Ib+m
        dppd p0f3a41:Vx,Wx,Ib+m
        mpsadbw p0f3a42:Vx,Wx,Ib
        pinsrw p0fc4:Vx,Ew,Ib n0fc4:Pq,Ew,Ib
        pinsrb p0f3a20:Vx,Mb,Ib p0f3a20:Vx,Rd,Ib
        pinsrd p0f3a22:Vx,Ey,Ib
        cvtsi2s s0f2a:Vx,Ey+m r0f2a:Vx,Ey+m
        pshufw n0f70:Pq,Qq,Ib
        cvtpi2p n0f2a:Vx,Qq+m p0f2a:Vx,Qq+m
        cvttp2pi n0f2c:Pq,Wq+m p0f2c:Pq,Wx+m
        cvtp2pi n0f2d:Pq,Wq+m p0f2d:Pq,Wx+m
        aesimc p0f38db:Vx,Wx
        aesenc p0f38dc:Vx,Wx
        aesenclast p0f38dd:Vx,Wx
        aesdec p0f38de:Vx,Wx
        aesdeclast p0f38df:Vx,Wx
        aeskeygenassist p0f3adf:Vx,Wx,Ib
        pclmulqdq p0f3a44:Vx,Wx,Ib
        sha1nexte n0f38c8:Vx,Wx
        sha1msg1 n0f38c9:Vx,Wx
        sha1msg2 n0f38ca:Vx,Wx
        sha256rnds2 n0f38cb:Vx,Wx+0
        sha256msg1 n0f38cc:Vx,Wx
        sha256msg2 n0f38cd:Vx,Wx
        sha1rnds4 n0f3acc:Vx,Wx,Ib
        """),
    EncodingChapter(
        .vectorResult,
        """
        cvtts2si s0f2c:Gy,Wd+m r0f2c:Gy,Wq+m
        cvts2si s0f2d:Gy,Wd+m r0f2d:Gy,Wq+m
        ucomis n0f2e:Vx,Wd+m p0f2e:Vx,Wq+m
        comis n0f2f:Vx,Wd+m p0f2f:Vx,Wq+m
        movmsk n0f50:Gd,Ux p0f50:Gd,Ux
        pmovmskb p0fd7:Gd,Ux n0fd7:Gd,Nq
        pextrw p0fc5:Gd,Ux,Ib n0fc5:Gd,Nq,Ib
        ptest p0f3817:Vx,Wx
        pcmpestrm p0f3a60:Vx,Wx,Ib+u
        pcmpestri p0f3a61:Vx,Wx,Ib+u
        pcmpistrm p0f3a62:Vx,Wx,Ib+u
        pcmpistri p0f3a63:Vx,Wx,Ib+u
        """),
    EncodingChapter(
        .x87,
        """
        x87 d8:F_ d9:F_ da:F_ db:F_ dc:F_ dd:F_ de:F_ df:F_
        fwait 9b
        """),
]
