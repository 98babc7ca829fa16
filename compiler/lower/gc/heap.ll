; Made of heap.c by TestHeapIR -update. DO NOT EDIT.

%struct.heap = type { ptr, i64, ptr, ptr, i64, [3 x i64], [38 x %struct.bump], [38 x %struct.class], ptr, ptr, ptr, ptr, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, ptr }
%struct.bump = type { ptr, ptr }
%struct.class = type { ptr, ptr, ptr, i32, i32 }
%struct.block = type { i8, i8, i8, i8, i32, i32, i32 }
%struct.root = type { ptr, i64 }

@wasm_heap = external dso_local local_unnamed_addr global %struct.heap, align 8
@sizes = internal unnamed_addr constant [38 x i16] [i16 16, i16 32, i16 48, i16 64, i16 80, i16 96, i16 112, i16 128, i16 160, i16 192, i16 224, i16 256, i16 320, i16 384, i16 448, i16 512, i16 640, i16 768, i16 896, i16 1024, i16 1280, i16 1536, i16 1792, i16 2048, i16 2560, i16 3072, i16 3584, i16 4096, i16 5120, i16 6144, i16 7168, i16 8192, i16 9360, i16 10912, i16 13104, i16 16384, i16 21840, i16 -32768], align 16

; Function Attrs: noinline nounwind uwtable
define dso_local ptr @gc_new(ptr noundef %0, i64 noundef %1) local_unnamed_addr #0 {
  tail call void @llvm.eh.unwind.init()
  %3 = tail call ptr @llvm.frameaddress.p0(i32 0)
  %4 = getelementptr inbounds i8, ptr %3, i64 -48
  store ptr %4, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2008), align 8
  tail call fastcc void @probe() #11
  %5 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 32), align 8
  %6 = icmp eq i64 %5, 0
  br i1 %6, label %7, label %10

7:                                                ; preds = %2
  %8 = tail call fastcc i32 @prepare() #11
  %9 = icmp eq i32 %8, 0
  br i1 %9, label %164, label %10

10:                                               ; preds = %2, %7
  %11 = getelementptr inbounds [38 x %struct.class], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 672), i64 0, i64 %1
  %12 = getelementptr inbounds [38 x %struct.bump], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 64), i64 0, i64 %1, i32 1
  %13 = load ptr, ptr %12, align 8
  %14 = load ptr, ptr %11, align 8
  %15 = icmp ult ptr %13, %14
  %16 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %1
  %17 = load i16, ptr %16, align 2
  %18 = zext i16 %17 to i64
  br i1 %15, label %26, label %19

19:                                               ; preds = %10
  %20 = getelementptr inbounds i8, ptr %11, i64 8
  %21 = getelementptr inbounds i8, ptr %11, i64 16
  %22 = getelementptr inbounds i8, ptr %11, i64 24
  %23 = zext i16 %17 to i32
  %24 = trunc i64 %1 to i8
  %25 = getelementptr inbounds i8, ptr %11, i64 28
  br label %49

26:                                               ; preds = %125, %10
  %27 = phi ptr [ %13, %10 ], [ %127, %125 ]
  %28 = phi ptr [ %14, %10 ], [ %126, %125 ]
  %29 = getelementptr inbounds [38 x %struct.bump], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 64), i64 0, i64 %1
  %30 = getelementptr inbounds i8, ptr %29, i64 8
  %31 = ptrtoint ptr %28 to i64
  %32 = ptrtoint ptr %27 to i64
  %33 = sub i64 %31, %32
  %34 = icmp ugt i64 %33, 4096
  br i1 %34, label %35, label %41

35:                                               ; preds = %26
  %36 = urem i16 4096, %17
  %37 = sub nuw nsw i16 4096, %36
  %38 = zext nneg i16 %37 to i64
  %39 = icmp eq i16 %36, 4096
  %40 = select i1 %39, i64 %18, i64 %38
  br label %41

41:                                               ; preds = %35, %26
  %42 = phi i64 [ %40, %35 ], [ %33, %26 ]
  %43 = getelementptr inbounds i8, ptr %11, i64 28
  %44 = load i32, ptr %43, align 4
  %45 = icmp eq i32 %44, 0
  br i1 %45, label %46, label %158

46:                                               ; preds = %41
  %47 = tail call ptr @memset(ptr noundef %27, i32 noundef 0, i64 noundef %42) #12
  %48 = load ptr, ptr %30, align 8
  br label %158

49:                                               ; preds = %125, %19
  %50 = phi ptr [ %14, %19 ], [ %126, %125 ]
  %51 = load ptr, ptr %20, align 8
  %52 = load ptr, ptr %21, align 8
  %53 = icmp ult ptr %51, %52
  br i1 %53, label %54, label %108

54:                                               ; preds = %49
  %55 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %56 = ptrtoint ptr %55 to i64
  %57 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %58

58:                                               ; preds = %72, %54
  %59 = phi ptr [ %51, %54 ], [ %73, %72 ]
  %60 = ptrtoint ptr %59 to i64
  %61 = sub i64 %60, %56
  %62 = lshr i64 %61, 7
  %63 = getelementptr inbounds i8, ptr %57, i64 %62
  %64 = load i8, ptr %63, align 1
  %65 = zext i8 %64 to i32
  %66 = trunc i64 %61 to i32
  %67 = lshr i32 %66, 4
  %68 = and i32 %67, 7
  %69 = shl nuw nsw i32 1, %68
  %70 = and i32 %69, %65
  %71 = icmp eq i32 %70, 0
  br i1 %71, label %75, label %72

72:                                               ; preds = %58
  %73 = getelementptr inbounds i8, ptr %59, i64 %18
  %74 = icmp ult ptr %73, %52
  br i1 %74, label %58, label %108

75:                                               ; preds = %58
  store ptr %59, ptr %12, align 8
  %76 = icmp ult ptr %59, %52
  br i1 %76, label %77, label %100

77:                                               ; preds = %75
  %78 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %79 = ptrtoint ptr %78 to i64
  %80 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %81

81:                                               ; preds = %95, %77
  %82 = phi ptr [ %59, %77 ], [ %96, %95 ]
  %83 = ptrtoint ptr %82 to i64
  %84 = sub i64 %83, %79
  %85 = lshr i64 %84, 7
  %86 = getelementptr inbounds i8, ptr %80, i64 %85
  %87 = load i8, ptr %86, align 1
  %88 = zext i8 %87 to i32
  %89 = trunc i64 %84 to i32
  %90 = lshr i32 %89, 4
  %91 = and i32 %90, 7
  %92 = shl nuw nsw i32 1, %91
  %93 = and i32 %92, %88
  %94 = icmp eq i32 %93, 0
  br i1 %94, label %95, label %100

95:                                               ; preds = %81
  %96 = getelementptr inbounds i8, ptr %82, i64 %18
  %97 = icmp ult ptr %96, %52
  br i1 %97, label %81, label %98

98:                                               ; preds = %95
  %99 = ptrtoint ptr %96 to i64
  br label %100

100:                                              ; preds = %81, %98, %75
  %101 = phi i64 [ %60, %75 ], [ %99, %98 ], [ %83, %81 ]
  %102 = phi ptr [ %59, %75 ], [ %96, %98 ], [ %82, %81 ]
  store ptr %102, ptr %20, align 8
  store ptr %102, ptr %11, align 8
  store i32 0, ptr %25, align 4
  %103 = load ptr, ptr %12, align 8
  %104 = ptrtoint ptr %103 to i64
  %105 = sub i64 %104, %101
  %106 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %107 = add i64 %105, %106
  store i64 %107, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  br label %125

108:                                              ; preds = %72, %49
  %109 = phi ptr [ %51, %49 ], [ %73, %72 ]
  store ptr %109, ptr %20, align 8
  %110 = load i32, ptr %22, align 8
  %111 = icmp eq i32 %110, 0
  br i1 %111, label %129, label %112

112:                                              ; preds = %108
  %113 = add i32 %110, -1
  %114 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %115 = zext i32 %113 to i64
  %116 = getelementptr inbounds %struct.block, ptr %114, i64 %115, i32 4
  %117 = load i32, ptr %116, align 4
  store i32 %117, ptr %22, align 8
  %118 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %119 = shl nuw nsw i64 %115, 16
  %120 = getelementptr inbounds i8, ptr %118, i64 %119
  store ptr %120, ptr %20, align 8
  %121 = urem i32 65536, %23
  %122 = sub nuw nsw i32 65536, %121
  %123 = zext nneg i32 %122 to i64
  %124 = getelementptr inbounds i8, ptr %120, i64 %123
  store ptr %124, ptr %21, align 8
  br label %125

125:                                              ; preds = %141, %139, %112, %100
  %126 = phi ptr [ %140, %139 ], [ %153, %141 ], [ %50, %112 ], [ %102, %100 ]
  %127 = load ptr, ptr %12, align 8
  %128 = icmp ult ptr %127, %126
  br i1 %128, label %26, label %49

129:                                              ; preds = %108
  %130 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2000), align 8
  %131 = tail call fastcc i64 @take(i64 noundef 1) #11
  %132 = icmp slt i64 %131, 0
  br i1 %132, label %164, label %133

133:                                              ; preds = %129
  %134 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2000), align 8
  %135 = icmp eq i64 %134, %130
  br i1 %135, label %141, label %136

136:                                              ; preds = %133
  %137 = load i32, ptr %22, align 8
  %138 = icmp eq i32 %137, 0
  br i1 %138, label %141, label %139

139:                                              ; preds = %136
  %140 = load ptr, ptr %11, align 8
  br label %125

141:                                              ; preds = %136, %133
  %142 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %143 = getelementptr inbounds %struct.block, ptr %142, i64 %131
  %144 = getelementptr inbounds i8, ptr %143, i64 2
  %145 = load i8, ptr %144, align 2
  store i8 1, ptr %143, align 4
  %146 = getelementptr inbounds i8, ptr %143, i64 1
  store i8 %24, ptr %146, align 1
  store i8 1, ptr %144, align 2
  %147 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %148 = shl i64 %131, 16
  %149 = getelementptr inbounds i8, ptr %147, i64 %148
  %150 = urem i32 65536, %23
  %151 = sub nuw nsw i32 65536, %150
  %152 = zext nneg i32 %151 to i64
  %153 = getelementptr inbounds i8, ptr %149, i64 %152
  store ptr %153, ptr %21, align 8
  store ptr %149, ptr %12, align 8
  store ptr %153, ptr %20, align 8
  store ptr %153, ptr %11, align 8
  %154 = icmp eq i8 %145, 0
  %155 = zext i1 %154 to i32
  store i32 %155, ptr %25, align 4
  %156 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %157 = add nsw i64 %156, -65536
  store i64 %157, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  br label %125

158:                                              ; preds = %41, %46
  %159 = phi ptr [ %48, %46 ], [ %27, %41 ]
  %160 = getelementptr inbounds i8, ptr %159, i64 %18
  store ptr %160, ptr %29, align 8
  %161 = getelementptr inbounds i8, ptr %159, i64 %42
  store ptr %161, ptr %30, align 8
  %162 = icmp eq ptr %159, null
  br i1 %162, label %164, label %163

163:                                              ; preds = %158
  store ptr %0, ptr %159, align 8
  br label %164

164:                                              ; preds = %129, %158, %163, %7
  %165 = phi ptr [ null, %7 ], [ %159, %163 ], [ null, %158 ], [ null, %129 ]
  ret ptr %165
}

; Function Attrs: nounwind
declare void @llvm.eh.unwind.init() #1

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(none)
declare ptr @llvm.frameaddress.p0(i32 immarg) #2

; Function Attrs: mustprogress nofree noinline norecurse nounwind willreturn uwtable
define internal fastcc void @probe() unnamed_addr #3 {
  %1 = tail call ptr @llvm.frameaddress.p0(i32 0)
  %2 = getelementptr inbounds i8, ptr %1, i64 -4096
  %3 = load volatile i8, ptr %2, align 1
  %4 = getelementptr inbounds i8, ptr %1, i64 -8192
  %5 = load volatile i8, ptr %4, align 1
  ret void
}

; Function Attrs: nounwind uwtable
define internal fastcc range(i32 0, 2) i32 @prepare() unnamed_addr #4 {
  %1 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 8), align 8
  %2 = lshr i64 %1, 12
  %3 = and i64 %2, 4503599627370480
  %4 = add nuw nsw i64 %3, 65535
  %5 = and i64 %4, 9007199254675456
  %6 = lshr i64 %1, 7
  %7 = add nuw nsw i64 %6, 65535
  %8 = and i64 %7, 288230376151646208
  %9 = add nuw nsw i64 %8, 16842752
  %10 = add nuw nsw i64 %9, %5
  %11 = icmp ult i64 %1, %10
  br i1 %11, label %33, label %12

12:                                               ; preds = %0
  %13 = load ptr, ptr @wasm_heap, align 8
  store ptr %13, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %14 = getelementptr inbounds i8, ptr %13, i64 %5
  store ptr %14, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %15 = getelementptr inbounds i8, ptr %14, i64 %8
  store ptr %15, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %16 = getelementptr inbounds i8, ptr %15, i64 16777216
  store ptr %16, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %17 = ptrtoint ptr %16 to i64
  %18 = ptrtoint ptr %13 to i64
  %19 = add i64 %1, %18
  %20 = sub i64 %19, %17
  %21 = lshr i64 %20, 16
  store i64 %21, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1928), align 8
  store i64 4194304, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %22 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  %23 = icmp ult i64 %22, 65536
  br i1 %23, label %24, label %32

24:                                               ; preds = %12
  %25 = ptrtoint ptr %15 to i64
  %26 = sub i64 %25, %18
  %27 = add i64 %26, %22
  %28 = sub nuw nsw i64 65536, %22
  %29 = tail call i32 @wasm_heap_commit(i64 noundef %27, i64 noundef %28) #12
  %30 = icmp eq i32 %29, 0
  br i1 %30, label %31, label %33

31:                                               ; preds = %24
  store i64 65536, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  br label %32

32:                                               ; preds = %31, %12
  store i64 1, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 32), align 8
  br label %33

33:                                               ; preds = %24, %0, %32
  %34 = phi i32 [ 1, %32 ], [ 0, %0 ], [ 0, %24 ]
  ret i32 %34
}

; Function Attrs: nounwind uwtable
define dso_local noundef ptr @gc_new_large(ptr noundef %0) local_unnamed_addr #4 {
  %2 = getelementptr inbounds i8, ptr %0, i64 12
  %3 = load i32, ptr %2, align 4
  %4 = zext i32 %3 to i64
  %5 = tail call fastcc ptr @new_large(ptr noundef %0, i64 noundef %4) #11
  ret ptr %5
}

; Function Attrs: noinline nounwind uwtable
define internal fastcc noundef ptr @new_large(ptr noundef %0, i64 noundef %1) unnamed_addr #0 {
  tail call void @llvm.eh.unwind.init()
  %3 = tail call ptr @llvm.frameaddress.p0(i32 0)
  %4 = getelementptr inbounds i8, ptr %3, i64 -48
  store ptr %4, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2008), align 8
  tail call fastcc void @probe() #11
  %5 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 32), align 8
  %6 = icmp eq i64 %5, 0
  br i1 %6, label %7, label %10

7:                                                ; preds = %2
  %8 = tail call fastcc i32 @prepare() #11
  %9 = icmp eq i32 %8, 0
  br i1 %9, label %60, label %10

10:                                               ; preds = %2, %7
  %11 = add i64 %1, 65535
  %12 = lshr i64 %11, 16
  %13 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1928), align 8
  %14 = icmp ugt i64 %12, %13
  br i1 %14, label %60, label %15

15:                                               ; preds = %10
  %16 = tail call fastcc i64 @take(i64 noundef %12) #11
  %17 = icmp slt i64 %16, 0
  br i1 %17, label %60, label %18

18:                                               ; preds = %15
  %19 = icmp ult i64 %11, 65536
  br i1 %19, label %35, label %20

20:                                               ; preds = %18
  %21 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %22 = getelementptr inbounds %struct.block, ptr %21, i64 %16
  %23 = getelementptr inbounds i8, ptr %22, i64 2
  %24 = load i8, ptr %23, align 2
  %25 = icmp eq i8 %24, 0
  br i1 %25, label %31, label %26

26:                                               ; preds = %20
  %27 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %28 = shl i64 %16, 16
  %29 = getelementptr inbounds i8, ptr %27, i64 %28
  %30 = tail call ptr @memset(ptr noundef %29, i32 noundef 0, i64 noundef 65536) #12
  br label %31

31:                                               ; preds = %26, %20
  store i8 2, ptr %22, align 4
  store i8 1, ptr %23, align 2
  %32 = trunc i64 %12 to i32
  %33 = getelementptr inbounds i8, ptr %22, i64 8
  store i32 %32, ptr %33, align 4
  %34 = icmp eq i64 %12, 1
  br i1 %34, label %35, label %42

35:                                               ; preds = %55, %31, %18
  %36 = and i64 %11, -65536
  %37 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %38 = sub nsw i64 %37, %36
  store i64 %38, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %39 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %40 = shl i64 %16, 16
  %41 = getelementptr inbounds i8, ptr %39, i64 %40
  store ptr %0, ptr %41, align 8
  br label %60

42:                                               ; preds = %31, %55
  %43 = phi i64 [ %58, %55 ], [ 1, %31 ]
  %44 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %45 = add nuw i64 %43, %16
  %46 = getelementptr inbounds %struct.block, ptr %44, i64 %45
  %47 = getelementptr inbounds i8, ptr %46, i64 2
  %48 = load i8, ptr %47, align 2
  %49 = icmp eq i8 %48, 0
  br i1 %49, label %55, label %50

50:                                               ; preds = %42
  %51 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %52 = shl i64 %45, 16
  %53 = getelementptr inbounds i8, ptr %51, i64 %52
  %54 = tail call ptr @memset(ptr noundef %53, i32 noundef 0, i64 noundef 65536) #12
  br label %55

55:                                               ; preds = %50, %42
  store i8 3, ptr %46, align 4
  store i8 1, ptr %47, align 2
  %56 = trunc i64 %43 to i32
  %57 = getelementptr inbounds i8, ptr %46, i64 8
  store i32 %56, ptr %57, align 4
  %58 = add nuw nsw i64 %43, 1
  %59 = icmp eq i64 %58, %12
  br i1 %59, label %35, label %42

60:                                               ; preds = %35, %15, %10, %7
  %61 = phi ptr [ null, %7 ], [ null, %10 ], [ %41, %35 ], [ null, %15 ]
  ret ptr %61
}

; Function Attrs: nounwind uwtable
define dso_local ptr @gc_new_array(ptr noundef %0, i32 noundef %1) local_unnamed_addr #4 {
  %3 = zext i32 %1 to i64
  %4 = getelementptr inbounds i8, ptr %0, i64 12
  %5 = load i32, ptr %4, align 4
  %6 = zext i32 %5 to i64
  %7 = mul nuw i64 %6, %3
  %8 = add nuw i64 %7, 16
  %9 = icmp ult i64 %7, 32753
  br i1 %9, label %10, label %48

10:                                               ; preds = %2
  %11 = icmp ult i64 %7, 113
  br i1 %11, label %12, label %16

12:                                               ; preds = %10
  %13 = add nuw nsw i64 %7, 31
  %14 = lshr i64 %13, 4
  %15 = add nsw i64 %14, -1
  br label %34

16:                                               ; preds = %10
  %17 = icmp ult i64 %7, 8177
  br i1 %17, label %18, label %27

18:                                               ; preds = %16
  %19 = add nuw nsw i64 %7, 15
  %20 = tail call range(i64 0, 65) i64 @llvm.ctlz.i64(i64 %19, i1 true)
  %21 = sub nuw nsw i64 61, %20
  %22 = lshr i64 %19, %21
  %23 = and i64 %22, 3
  %24 = shl nuw nsw i64 %20, 2
  %25 = sub nsw i64 %23, %24
  %26 = add nsw i64 %25, 232
  br label %34

27:                                               ; preds = %16, %27
  %28 = phi i64 [ %33, %27 ], [ 32, %16 ]
  %29 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %28
  %30 = load i16, ptr %29, align 2
  %31 = zext i16 %30 to i64
  %32 = icmp ugt i64 %8, %31
  %33 = add i64 %28, 1
  br i1 %32, label %27, label %34

34:                                               ; preds = %27, %12, %18
  %35 = phi i64 [ %15, %12 ], [ %26, %18 ], [ %28, %27 ]
  %36 = getelementptr inbounds [38 x %struct.bump], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 64), i64 0, i64 %35
  %37 = load ptr, ptr %36, align 8
  %38 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %35
  %39 = load i16, ptr %38, align 2
  %40 = zext i16 %39 to i64
  %41 = getelementptr inbounds i8, ptr %37, i64 %40
  %42 = getelementptr inbounds i8, ptr %36, i64 8
  %43 = load ptr, ptr %42, align 8
  %44 = icmp ugt ptr %41, %43
  br i1 %44, label %46, label %45

45:                                               ; preds = %34
  store ptr %41, ptr %36, align 8
  store ptr %0, ptr %37, align 8
  br label %53

46:                                               ; preds = %34
  %47 = tail call ptr @gc_new(ptr noundef %0, i64 noundef %35) #11
  br label %50

48:                                               ; preds = %2
  %49 = tail call fastcc ptr @new_large(ptr noundef nonnull %0, i64 noundef %8) #11
  br label %50

50:                                               ; preds = %46, %48
  %51 = phi ptr [ %49, %48 ], [ %47, %46 ]
  %52 = icmp eq ptr %51, null
  br i1 %52, label %56, label %53

53:                                               ; preds = %45, %50
  %54 = phi ptr [ %37, %45 ], [ %51, %50 ]
  %55 = getelementptr inbounds i8, ptr %54, i64 8
  store i32 %1, ptr %55, align 8
  br label %56

56:                                               ; preds = %53, %50
  %57 = phi ptr [ %54, %53 ], [ null, %50 ]
  ret ptr %57
}

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, inaccessiblemem: none) uwtable
define dso_local void @gc_register(ptr noundef %0) local_unnamed_addr #5 {
  %2 = getelementptr inbounds i8, ptr %0, i64 8
  %3 = load i64, ptr %2, align 8
  %4 = icmp eq i64 %3, 0
  br i1 %4, label %5, label %7

5:                                                ; preds = %1
  store i64 1, ptr %2, align 8
  %6 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 24), align 8
  store ptr %6, ptr %0, align 8
  store ptr %0, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 24), align 8
  br label %7

7:                                                ; preds = %1, %5
  ret void
}

; Function Attrs: nofree norecurse nosync nounwind memory(argmem: write) uwtable
define dso_local void @gc_fill_1(ptr nocapture noundef writeonly %0, i64 noundef %1, i8 noundef zeroext %2) local_unnamed_addr #6 {
  %4 = icmp eq i64 %1, 0
  br i1 %4, label %20, label %5

5:                                                ; preds = %3
  %6 = and i64 %1, 7
  %7 = icmp ult i64 %1, 8
  br i1 %7, label %10, label %8

8:                                                ; preds = %5
  %9 = and i64 %1, -8
  br label %21

10:                                               ; preds = %21, %5
  %11 = phi i64 [ 0, %5 ], [ %39, %21 ]
  %12 = icmp eq i64 %6, 0
  br i1 %12, label %20, label %13

13:                                               ; preds = %10, %13
  %14 = phi i64 [ %17, %13 ], [ %11, %10 ]
  %15 = phi i64 [ %18, %13 ], [ 0, %10 ]
  %16 = getelementptr inbounds i8, ptr %0, i64 %14
  store i8 %2, ptr %16, align 1
  %17 = add nuw i64 %14, 1
  %18 = add i64 %15, 1
  %19 = icmp eq i64 %18, %6
  br i1 %19, label %20, label %13

20:                                               ; preds = %10, %13, %3
  ret void

21:                                               ; preds = %21, %8
  %22 = phi i64 [ 0, %8 ], [ %39, %21 ]
  %23 = phi i64 [ 0, %8 ], [ %40, %21 ]
  %24 = getelementptr inbounds i8, ptr %0, i64 %22
  store i8 %2, ptr %24, align 1
  %25 = or disjoint i64 %22, 1
  %26 = getelementptr inbounds i8, ptr %0, i64 %25
  store i8 %2, ptr %26, align 1
  %27 = or disjoint i64 %22, 2
  %28 = getelementptr inbounds i8, ptr %0, i64 %27
  store i8 %2, ptr %28, align 1
  %29 = or disjoint i64 %22, 3
  %30 = getelementptr inbounds i8, ptr %0, i64 %29
  store i8 %2, ptr %30, align 1
  %31 = or disjoint i64 %22, 4
  %32 = getelementptr inbounds i8, ptr %0, i64 %31
  store i8 %2, ptr %32, align 1
  %33 = or disjoint i64 %22, 5
  %34 = getelementptr inbounds i8, ptr %0, i64 %33
  store i8 %2, ptr %34, align 1
  %35 = or disjoint i64 %22, 6
  %36 = getelementptr inbounds i8, ptr %0, i64 %35
  store i8 %2, ptr %36, align 1
  %37 = or disjoint i64 %22, 7
  %38 = getelementptr inbounds i8, ptr %0, i64 %37
  store i8 %2, ptr %38, align 1
  %39 = add nuw i64 %22, 8
  %40 = add i64 %23, 8
  %41 = icmp eq i64 %40, %9
  br i1 %41, label %10, label %21
}

; Function Attrs: nofree norecurse nosync nounwind memory(argmem: write) uwtable
define dso_local void @gc_fill_2(ptr nocapture noundef writeonly %0, i64 noundef %1, i16 noundef zeroext %2) local_unnamed_addr #6 {
  %4 = icmp eq i64 %1, 0
  br i1 %4, label %20, label %5

5:                                                ; preds = %3
  %6 = and i64 %1, 7
  %7 = icmp ult i64 %1, 8
  br i1 %7, label %10, label %8

8:                                                ; preds = %5
  %9 = and i64 %1, -8
  br label %21

10:                                               ; preds = %21, %5
  %11 = phi i64 [ 0, %5 ], [ %39, %21 ]
  %12 = icmp eq i64 %6, 0
  br i1 %12, label %20, label %13

13:                                               ; preds = %10, %13
  %14 = phi i64 [ %17, %13 ], [ %11, %10 ]
  %15 = phi i64 [ %18, %13 ], [ 0, %10 ]
  %16 = getelementptr inbounds i16, ptr %0, i64 %14
  store i16 %2, ptr %16, align 2
  %17 = add nuw i64 %14, 1
  %18 = add i64 %15, 1
  %19 = icmp eq i64 %18, %6
  br i1 %19, label %20, label %13

20:                                               ; preds = %10, %13, %3
  ret void

21:                                               ; preds = %21, %8
  %22 = phi i64 [ 0, %8 ], [ %39, %21 ]
  %23 = phi i64 [ 0, %8 ], [ %40, %21 ]
  %24 = getelementptr inbounds i16, ptr %0, i64 %22
  store i16 %2, ptr %24, align 2
  %25 = or disjoint i64 %22, 1
  %26 = getelementptr inbounds i16, ptr %0, i64 %25
  store i16 %2, ptr %26, align 2
  %27 = or disjoint i64 %22, 2
  %28 = getelementptr inbounds i16, ptr %0, i64 %27
  store i16 %2, ptr %28, align 2
  %29 = or disjoint i64 %22, 3
  %30 = getelementptr inbounds i16, ptr %0, i64 %29
  store i16 %2, ptr %30, align 2
  %31 = or disjoint i64 %22, 4
  %32 = getelementptr inbounds i16, ptr %0, i64 %31
  store i16 %2, ptr %32, align 2
  %33 = or disjoint i64 %22, 5
  %34 = getelementptr inbounds i16, ptr %0, i64 %33
  store i16 %2, ptr %34, align 2
  %35 = or disjoint i64 %22, 6
  %36 = getelementptr inbounds i16, ptr %0, i64 %35
  store i16 %2, ptr %36, align 2
  %37 = or disjoint i64 %22, 7
  %38 = getelementptr inbounds i16, ptr %0, i64 %37
  store i16 %2, ptr %38, align 2
  %39 = add nuw i64 %22, 8
  %40 = add i64 %23, 8
  %41 = icmp eq i64 %40, %9
  br i1 %41, label %10, label %21
}

; Function Attrs: nofree norecurse nosync nounwind memory(argmem: write) uwtable
define dso_local void @gc_fill_4(ptr nocapture noundef writeonly %0, i64 noundef %1, i32 noundef %2) local_unnamed_addr #6 {
  %4 = icmp eq i64 %1, 0
  br i1 %4, label %20, label %5

5:                                                ; preds = %3
  %6 = and i64 %1, 7
  %7 = icmp ult i64 %1, 8
  br i1 %7, label %10, label %8

8:                                                ; preds = %5
  %9 = and i64 %1, -8
  br label %21

10:                                               ; preds = %21, %5
  %11 = phi i64 [ 0, %5 ], [ %39, %21 ]
  %12 = icmp eq i64 %6, 0
  br i1 %12, label %20, label %13

13:                                               ; preds = %10, %13
  %14 = phi i64 [ %17, %13 ], [ %11, %10 ]
  %15 = phi i64 [ %18, %13 ], [ 0, %10 ]
  %16 = getelementptr inbounds i32, ptr %0, i64 %14
  store i32 %2, ptr %16, align 4
  %17 = add nuw i64 %14, 1
  %18 = add i64 %15, 1
  %19 = icmp eq i64 %18, %6
  br i1 %19, label %20, label %13

20:                                               ; preds = %10, %13, %3
  ret void

21:                                               ; preds = %21, %8
  %22 = phi i64 [ 0, %8 ], [ %39, %21 ]
  %23 = phi i64 [ 0, %8 ], [ %40, %21 ]
  %24 = getelementptr inbounds i32, ptr %0, i64 %22
  store i32 %2, ptr %24, align 4
  %25 = or disjoint i64 %22, 1
  %26 = getelementptr inbounds i32, ptr %0, i64 %25
  store i32 %2, ptr %26, align 4
  %27 = or disjoint i64 %22, 2
  %28 = getelementptr inbounds i32, ptr %0, i64 %27
  store i32 %2, ptr %28, align 4
  %29 = or disjoint i64 %22, 3
  %30 = getelementptr inbounds i32, ptr %0, i64 %29
  store i32 %2, ptr %30, align 4
  %31 = or disjoint i64 %22, 4
  %32 = getelementptr inbounds i32, ptr %0, i64 %31
  store i32 %2, ptr %32, align 4
  %33 = or disjoint i64 %22, 5
  %34 = getelementptr inbounds i32, ptr %0, i64 %33
  store i32 %2, ptr %34, align 4
  %35 = or disjoint i64 %22, 6
  %36 = getelementptr inbounds i32, ptr %0, i64 %35
  store i32 %2, ptr %36, align 4
  %37 = or disjoint i64 %22, 7
  %38 = getelementptr inbounds i32, ptr %0, i64 %37
  store i32 %2, ptr %38, align 4
  %39 = add nuw i64 %22, 8
  %40 = add i64 %23, 8
  %41 = icmp eq i64 %40, %9
  br i1 %41, label %10, label %21
}

; Function Attrs: nofree norecurse nosync nounwind memory(argmem: write) uwtable
define dso_local void @gc_fill_8(ptr nocapture noundef writeonly %0, i64 noundef %1, i64 noundef %2) local_unnamed_addr #6 {
  %4 = icmp eq i64 %1, 0
  br i1 %4, label %20, label %5

5:                                                ; preds = %3
  %6 = and i64 %1, 7
  %7 = icmp ult i64 %1, 8
  br i1 %7, label %10, label %8

8:                                                ; preds = %5
  %9 = and i64 %1, -8
  br label %21

10:                                               ; preds = %21, %5
  %11 = phi i64 [ 0, %5 ], [ %39, %21 ]
  %12 = icmp eq i64 %6, 0
  br i1 %12, label %20, label %13

13:                                               ; preds = %10, %13
  %14 = phi i64 [ %17, %13 ], [ %11, %10 ]
  %15 = phi i64 [ %18, %13 ], [ 0, %10 ]
  %16 = getelementptr inbounds i64, ptr %0, i64 %14
  store i64 %2, ptr %16, align 8
  %17 = add nuw i64 %14, 1
  %18 = add i64 %15, 1
  %19 = icmp eq i64 %18, %6
  br i1 %19, label %20, label %13

20:                                               ; preds = %10, %13, %3
  ret void

21:                                               ; preds = %21, %8
  %22 = phi i64 [ 0, %8 ], [ %39, %21 ]
  %23 = phi i64 [ 0, %8 ], [ %40, %21 ]
  %24 = getelementptr inbounds i64, ptr %0, i64 %22
  store i64 %2, ptr %24, align 8
  %25 = or disjoint i64 %22, 1
  %26 = getelementptr inbounds i64, ptr %0, i64 %25
  store i64 %2, ptr %26, align 8
  %27 = or disjoint i64 %22, 2
  %28 = getelementptr inbounds i64, ptr %0, i64 %27
  store i64 %2, ptr %28, align 8
  %29 = or disjoint i64 %22, 3
  %30 = getelementptr inbounds i64, ptr %0, i64 %29
  store i64 %2, ptr %30, align 8
  %31 = or disjoint i64 %22, 4
  %32 = getelementptr inbounds i64, ptr %0, i64 %31
  store i64 %2, ptr %32, align 8
  %33 = or disjoint i64 %22, 5
  %34 = getelementptr inbounds i64, ptr %0, i64 %33
  store i64 %2, ptr %34, align 8
  %35 = or disjoint i64 %22, 6
  %36 = getelementptr inbounds i64, ptr %0, i64 %35
  store i64 %2, ptr %36, align 8
  %37 = or disjoint i64 %22, 7
  %38 = getelementptr inbounds i64, ptr %0, i64 %37
  store i64 %2, ptr %38, align 8
  %39 = add nuw i64 %22, 8
  %40 = add i64 %23, 8
  %41 = icmp eq i64 %40, %9
  br i1 %41, label %10, label %21
}

; Function Attrs: nofree norecurse nosync nounwind memory(argmem: write) uwtable
define dso_local void @gc_fill_16(ptr nocapture noundef writeonly %0, i64 noundef %1, <16 x i8> noundef %2) local_unnamed_addr #7 {
  %4 = icmp eq i64 %1, 0
  br i1 %4, label %20, label %5

5:                                                ; preds = %3
  %6 = and i64 %1, 3
  %7 = icmp ult i64 %1, 4
  br i1 %7, label %10, label %8

8:                                                ; preds = %5
  %9 = and i64 %1, -4
  br label %21

10:                                               ; preds = %21, %5
  %11 = phi i64 [ 0, %5 ], [ %31, %21 ]
  %12 = icmp eq i64 %6, 0
  br i1 %12, label %20, label %13

13:                                               ; preds = %10, %13
  %14 = phi i64 [ %17, %13 ], [ %11, %10 ]
  %15 = phi i64 [ %18, %13 ], [ 0, %10 ]
  %16 = getelementptr inbounds <16 x i8>, ptr %0, i64 %14
  store <16 x i8> %2, ptr %16, align 8
  %17 = add nuw i64 %14, 1
  %18 = add i64 %15, 1
  %19 = icmp eq i64 %18, %6
  br i1 %19, label %20, label %13

20:                                               ; preds = %10, %13, %3
  ret void

21:                                               ; preds = %21, %8
  %22 = phi i64 [ 0, %8 ], [ %31, %21 ]
  %23 = phi i64 [ 0, %8 ], [ %32, %21 ]
  %24 = getelementptr inbounds <16 x i8>, ptr %0, i64 %22
  store <16 x i8> %2, ptr %24, align 8
  %25 = or disjoint i64 %22, 1
  %26 = getelementptr inbounds <16 x i8>, ptr %0, i64 %25
  store <16 x i8> %2, ptr %26, align 8
  %27 = or disjoint i64 %22, 2
  %28 = getelementptr inbounds <16 x i8>, ptr %0, i64 %27
  store <16 x i8> %2, ptr %28, align 8
  %29 = or disjoint i64 %22, 3
  %30 = getelementptr inbounds <16 x i8>, ptr %0, i64 %29
  store <16 x i8> %2, ptr %30, align 8
  %31 = add nuw i64 %22, 4
  %32 = add i64 %23, 4
  %33 = icmp eq i64 %32, %9
  br i1 %33, label %10, label %21
}

declare dso_local i32 @wasm_heap_commit(i64 noundef, i64 noundef) local_unnamed_addr #8

; Function Attrs: nounwind uwtable
define internal fastcc i64 @take(i64 noundef %0) unnamed_addr #4 {
  %2 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %3 = icmp sgt i64 %2, -1
  br i1 %3, label %5, label %4

4:                                                ; preds = %1
  tail call fastcc void @collect() #11
  br label %5

5:                                                ; preds = %4, %1
  %6 = icmp eq i64 %0, 1
  %7 = shl nuw nsw i64 %0, 16
  br label %8

8:                                                ; preds = %150, %5
  %9 = phi i1 [ false, %150 ], [ %3, %5 ]
  %10 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br label %11

11:                                               ; preds = %8, %147
  %12 = phi i64 [ %148, %147 ], [ %10, %8 ]
  %13 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1960), align 8
  %14 = select i1 %6, i64 %13, i64 0
  %15 = icmp ult i64 %14, %12
  br i1 %15, label %16, label %37

16:                                               ; preds = %11
  %17 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  br label %18

18:                                               ; preds = %30, %16
  %19 = phi i64 [ %14, %16 ], [ %31, %30 ]
  %20 = phi i64 [ 0, %16 ], [ %25, %30 ]
  %21 = getelementptr inbounds %struct.block, ptr %17, i64 %19
  %22 = load i8, ptr %21, align 4
  %23 = icmp eq i8 %22, 0
  %24 = add i64 %20, 1
  %25 = select i1 %23, i64 %24, i64 0
  %26 = icmp eq i64 %25, %0
  br i1 %26, label %27, label %30

27:                                               ; preds = %18
  br i1 %6, label %28, label %33

28:                                               ; preds = %27
  %29 = add nuw i64 %19, 1
  store i64 %29, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1960), align 8
  br label %33

30:                                               ; preds = %18
  %31 = add i64 %19, 1
  %32 = icmp eq i64 %31, %12
  br i1 %32, label %37, label %18

33:                                               ; preds = %27, %28
  %34 = sub i64 %19, %0
  %35 = add i64 %34, 1
  %36 = icmp sgt i64 %35, -1
  br i1 %36, label %151, label %37

37:                                               ; preds = %30, %11, %33
  %38 = lshr i64 %12, 3
  %39 = tail call i64 @llvm.umax.i64(i64 %38, i64 16)
  %40 = tail call i64 @llvm.umin.i64(i64 %39, i64 256)
  %41 = tail call i64 @llvm.umax.i64(i64 %40, i64 %0)
  %42 = add i64 %41, %12
  %43 = shl i64 %12, 16
  %44 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1928), align 8
  %45 = icmp ugt i64 %42, %44
  br i1 %45, label %93, label %46

46:                                               ; preds = %37
  %47 = shl i64 %42, 4
  %48 = add i64 %47, 65535
  %49 = and i64 %48, -65536
  %50 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1936), align 8
  %51 = icmp ugt i64 %49, %50
  br i1 %51, label %52, label %63

52:                                               ; preds = %46
  %53 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %54 = load ptr, ptr @wasm_heap, align 8
  %55 = ptrtoint ptr %53 to i64
  %56 = ptrtoint ptr %54 to i64
  %57 = add i64 %50, %55
  %58 = sub i64 %57, %56
  %59 = sub i64 %49, %50
  %60 = tail call i32 @wasm_heap_commit(i64 noundef %58, i64 noundef %59) #12
  %61 = icmp eq i32 %60, 0
  br i1 %61, label %62, label %93

62:                                               ; preds = %52
  store i64 %49, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1936), align 8
  br label %63

63:                                               ; preds = %62, %46
  %64 = shl i64 %42, 9
  %65 = add i64 %64, 65535
  %66 = and i64 %65, -65536
  %67 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1944), align 8
  %68 = icmp ugt i64 %66, %67
  br i1 %68, label %69, label %80

69:                                               ; preds = %63
  %70 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %71 = load ptr, ptr @wasm_heap, align 8
  %72 = ptrtoint ptr %70 to i64
  %73 = ptrtoint ptr %71 to i64
  %74 = add i64 %67, %72
  %75 = sub i64 %74, %73
  %76 = sub i64 %66, %67
  %77 = tail call i32 @wasm_heap_commit(i64 noundef %75, i64 noundef %76) #12
  %78 = icmp eq i32 %77, 0
  br i1 %78, label %79, label %93

79:                                               ; preds = %69
  store i64 %66, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1944), align 8
  br label %80

80:                                               ; preds = %79, %63
  %81 = shl i64 %42, 16
  %82 = icmp ugt i64 %81, %43
  br i1 %82, label %83, label %147

83:                                               ; preds = %80
  %84 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %85 = load ptr, ptr @wasm_heap, align 8
  %86 = ptrtoint ptr %84 to i64
  %87 = ptrtoint ptr %85 to i64
  %88 = add i64 %43, %86
  %89 = sub i64 %88, %87
  %90 = shl i64 %41, 16
  %91 = tail call i32 @wasm_heap_commit(i64 noundef %89, i64 noundef %90) #12
  %92 = icmp eq i32 %91, 0
  br i1 %92, label %147, label %93

93:                                               ; preds = %83, %69, %52, %37
  %94 = icmp ugt i64 %40, %0
  br i1 %94, label %95, label %149

95:                                               ; preds = %93
  %96 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  %97 = add i64 %96, %0
  %98 = shl i64 %96, 16
  %99 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1928), align 8
  %100 = icmp ugt i64 %97, %99
  br i1 %100, label %149, label %101

101:                                              ; preds = %95
  %102 = shl i64 %97, 4
  %103 = add i64 %102, 65535
  %104 = and i64 %103, -65536
  %105 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1936), align 8
  %106 = icmp ugt i64 %104, %105
  br i1 %106, label %107, label %118

107:                                              ; preds = %101
  %108 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %109 = load ptr, ptr @wasm_heap, align 8
  %110 = ptrtoint ptr %108 to i64
  %111 = ptrtoint ptr %109 to i64
  %112 = add i64 %105, %110
  %113 = sub i64 %112, %111
  %114 = sub i64 %104, %105
  %115 = tail call i32 @wasm_heap_commit(i64 noundef %113, i64 noundef %114) #12
  %116 = icmp eq i32 %115, 0
  br i1 %116, label %117, label %149

117:                                              ; preds = %107
  store i64 %104, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1936), align 8
  br label %118

118:                                              ; preds = %117, %101
  %119 = shl i64 %97, 9
  %120 = add i64 %119, 65535
  %121 = and i64 %120, -65536
  %122 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1944), align 8
  %123 = icmp ugt i64 %121, %122
  br i1 %123, label %124, label %135

124:                                              ; preds = %118
  %125 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %126 = load ptr, ptr @wasm_heap, align 8
  %127 = ptrtoint ptr %125 to i64
  %128 = ptrtoint ptr %126 to i64
  %129 = add i64 %122, %127
  %130 = sub i64 %129, %128
  %131 = sub i64 %121, %122
  %132 = tail call i32 @wasm_heap_commit(i64 noundef %130, i64 noundef %131) #12
  %133 = icmp eq i32 %132, 0
  br i1 %133, label %134, label %149

134:                                              ; preds = %124
  store i64 %121, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1944), align 8
  br label %135

135:                                              ; preds = %134, %118
  %136 = shl i64 %97, 16
  %137 = icmp ugt i64 %136, %98
  br i1 %137, label %138, label %147

138:                                              ; preds = %135
  %139 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %140 = load ptr, ptr @wasm_heap, align 8
  %141 = ptrtoint ptr %139 to i64
  %142 = ptrtoint ptr %140 to i64
  %143 = add i64 %98, %141
  %144 = sub i64 %143, %142
  %145 = tail call i32 @wasm_heap_commit(i64 noundef %144, i64 noundef %7) #12
  %146 = icmp eq i32 %145, 0
  br i1 %146, label %147, label %149

147:                                              ; preds = %80, %83, %135, %138
  %148 = phi i64 [ %42, %80 ], [ %42, %83 ], [ %97, %138 ], [ %97, %135 ]
  store i64 %148, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br label %11

149:                                              ; preds = %95, %107, %124, %138, %93
  br i1 %9, label %150, label %151

150:                                              ; preds = %149
  tail call fastcc void @collect() #11
  br label %8

151:                                              ; preds = %149, %33
  %152 = phi i64 [ %35, %33 ], [ -1, %149 ]
  ret i64 %152
}

declare dso_local ptr @memset(ptr noundef, i32 noundef, i64 noundef) local_unnamed_addr #8

; Function Attrs: noinline nounwind uwtable
define internal fastcc void @collect() unnamed_addr #0 {
  br label %1

1:                                                ; preds = %65, %0
  %2 = phi i64 [ 0, %0 ], [ %67, %65 ]
  %3 = getelementptr inbounds [38 x %struct.class], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 672), i64 0, i64 %2
  %4 = getelementptr inbounds [38 x %struct.bump], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 64), i64 0, i64 %2
  %5 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %2
  %6 = load i16, ptr %5, align 2
  %7 = zext i16 %6 to i64
  %8 = getelementptr inbounds i8, ptr %3, i64 28
  %9 = load i32, ptr %8, align 4
  %10 = icmp eq i32 %9, 0
  br i1 %10, label %11, label %22

11:                                               ; preds = %1
  %12 = getelementptr inbounds i8, ptr %4, i64 8
  %13 = load ptr, ptr %12, align 8
  %14 = load ptr, ptr %3, align 8
  %15 = getelementptr inbounds i8, ptr %13, i64 %7
  %16 = icmp ugt ptr %15, %14
  br i1 %16, label %22, label %17

17:                                               ; preds = %11, %17
  %18 = phi ptr [ %20, %17 ], [ %15, %11 ]
  %19 = phi ptr [ %18, %17 ], [ %13, %11 ]
  store ptr null, ptr %19, align 8
  %20 = getelementptr inbounds i8, ptr %18, i64 %7
  %21 = icmp ugt ptr %20, %14
  br i1 %21, label %22, label %17

22:                                               ; preds = %17, %11, %1
  %23 = getelementptr inbounds i8, ptr %3, i64 8
  %24 = load ptr, ptr %23, align 8
  %25 = getelementptr inbounds i8, ptr %3, i64 16
  %26 = load ptr, ptr %25, align 8
  %27 = getelementptr inbounds i8, ptr %24, i64 %7
  %28 = icmp ugt ptr %27, %26
  br i1 %28, label %58, label %29

29:                                               ; preds = %22
  %30 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %31 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %32

32:                                               ; preds = %53, %29
  %33 = phi ptr [ %54, %53 ], [ %31, %29 ]
  %34 = phi ptr [ %55, %53 ], [ %30, %29 ]
  %35 = phi ptr [ %56, %53 ], [ %27, %29 ]
  %36 = phi ptr [ %35, %53 ], [ %24, %29 ]
  %37 = ptrtoint ptr %36 to i64
  %38 = ptrtoint ptr %34 to i64
  %39 = sub i64 %37, %38
  %40 = lshr i64 %39, 7
  %41 = getelementptr inbounds i8, ptr %33, i64 %40
  %42 = load i8, ptr %41, align 1
  %43 = zext i8 %42 to i32
  %44 = trunc i64 %39 to i32
  %45 = lshr i32 %44, 4
  %46 = and i32 %45, 7
  %47 = shl nuw nsw i32 1, %46
  %48 = and i32 %47, %43
  %49 = icmp eq i32 %48, 0
  br i1 %49, label %50, label %53

50:                                               ; preds = %32
  store ptr null, ptr %36, align 8
  %51 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %52 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %53

53:                                               ; preds = %50, %32
  %54 = phi ptr [ %52, %50 ], [ %33, %32 ]
  %55 = phi ptr [ %51, %50 ], [ %34, %32 ]
  %56 = getelementptr inbounds i8, ptr %35, i64 %7
  %57 = icmp ugt ptr %56, %26
  br i1 %57, label %58, label %32

58:                                               ; preds = %53, %22
  %59 = getelementptr inbounds i8, ptr %3, i64 24
  %60 = load i32, ptr %59, align 8
  %61 = icmp eq i32 %60, 0
  br i1 %61, label %65, label %62

62:                                               ; preds = %58
  %63 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %64 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %69

65:                                               ; preds = %111, %58
  store ptr null, ptr %25, align 8
  store ptr null, ptr %23, align 8
  store ptr null, ptr %3, align 8
  %66 = getelementptr inbounds i8, ptr %4, i64 8
  store ptr null, ptr %66, align 8
  store ptr null, ptr %4, align 8
  store i32 0, ptr %59, align 8
  %67 = add nuw nsw i64 %2, 1
  %68 = icmp eq i64 %67, 38
  br i1 %68, label %116, label %1

69:                                               ; preds = %111, %62
  %70 = phi ptr [ %104, %111 ], [ %64, %62 ]
  %71 = phi ptr [ %105, %111 ], [ %63, %62 ]
  %72 = phi ptr [ %106, %111 ], [ %63, %62 ]
  %73 = phi i32 [ %114, %111 ], [ %60, %62 ]
  %74 = add i32 %73, -1
  %75 = zext i32 %74 to i64
  %76 = shl nuw nsw i64 %75, 16
  %77 = getelementptr inbounds i8, ptr %72, i64 %76
  br label %78

78:                                               ; preds = %103, %69
  %79 = phi ptr [ %104, %103 ], [ %70, %69 ]
  %80 = phi ptr [ %105, %103 ], [ %71, %69 ]
  %81 = phi ptr [ %106, %103 ], [ %71, %69 ]
  %82 = phi ptr [ %107, %103 ], [ %70, %69 ]
  %83 = phi ptr [ %108, %103 ], [ %72, %69 ]
  %84 = phi i64 [ %109, %103 ], [ %7, %69 ]
  %85 = phi ptr [ %86, %103 ], [ %77, %69 ]
  %86 = getelementptr inbounds i8, ptr %77, i64 %84
  %87 = ptrtoint ptr %85 to i64
  %88 = ptrtoint ptr %83 to i64
  %89 = sub i64 %87, %88
  %90 = lshr i64 %89, 7
  %91 = getelementptr inbounds i8, ptr %82, i64 %90
  %92 = load i8, ptr %91, align 1
  %93 = zext i8 %92 to i32
  %94 = trunc i64 %89 to i32
  %95 = lshr i32 %94, 4
  %96 = and i32 %95, 7
  %97 = shl nuw nsw i32 1, %96
  %98 = and i32 %97, %93
  %99 = icmp eq i32 %98, 0
  br i1 %99, label %100, label %103

100:                                              ; preds = %78
  store ptr null, ptr %85, align 8
  %101 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %102 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  br label %103

103:                                              ; preds = %100, %78
  %104 = phi ptr [ %102, %100 ], [ %79, %78 ]
  %105 = phi ptr [ %101, %100 ], [ %80, %78 ]
  %106 = phi ptr [ %101, %100 ], [ %81, %78 ]
  %107 = phi ptr [ %102, %100 ], [ %82, %78 ]
  %108 = phi ptr [ %101, %100 ], [ %83, %78 ]
  %109 = add nuw nsw i64 %84, %7
  %110 = icmp ugt i64 %109, 65536
  br i1 %110, label %111, label %78

111:                                              ; preds = %103
  %112 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %113 = getelementptr inbounds %struct.block, ptr %112, i64 %75, i32 4
  %114 = load i32, ptr %113, align 4
  %115 = icmp eq i32 %114, 0
  br i1 %115, label %65, label %69

116:                                              ; preds = %65
  %117 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %118 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  %119 = shl i64 %118, 9
  %120 = tail call ptr @memset(ptr noundef %117, i32 noundef 0, i64 noundef %119) #12
  store i64 0, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  %121 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2008), align 8
  %122 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 16), align 8
  tail call fastcc void @mark_words(ptr noundef %121, ptr noundef %122) #11
  %123 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 24), align 8
  %124 = icmp eq ptr %123, null
  br i1 %124, label %184, label %128

125:                                              ; preds = %180, %128
  %126 = load ptr, ptr %129, align 8
  %127 = icmp eq ptr %126, null
  br i1 %127, label %184, label %128

128:                                              ; preds = %116, %125
  %129 = phi ptr [ %126, %125 ], [ %123, %116 ]
  %130 = getelementptr inbounds i8, ptr %129, i64 24
  %131 = load i64, ptr %130, align 8
  %132 = icmp eq i64 %131, 0
  br i1 %132, label %125, label %133

133:                                              ; preds = %128
  %134 = getelementptr inbounds i8, ptr %129, i64 16
  br label %135

135:                                              ; preds = %180, %133
  %136 = phi i64 [ 0, %133 ], [ %181, %180 ]
  %137 = load ptr, ptr %134, align 8
  %138 = getelementptr inbounds %struct.root, ptr %137, i64 %136
  %139 = load ptr, ptr %138, align 8
  %140 = getelementptr inbounds i8, ptr %138, i64 8
  %141 = load i64, ptr %140, align 8
  switch i64 %141, label %152 [
    i64 -1, label %142
    i64 -2, label %146
  ]

142:                                              ; preds = %135
  %143 = load ptr, ptr %139, align 8
  %144 = getelementptr inbounds i8, ptr %139, i64 8
  %145 = load i64, ptr %144, align 8
  br label %152

146:                                              ; preds = %135
  %147 = load ptr, ptr %139, align 8
  %148 = getelementptr inbounds i8, ptr %139, i64 8
  %149 = load i64, ptr %148, align 8
  %150 = lshr i64 %149, 3
  %151 = getelementptr inbounds i64, ptr %147, i64 %150
  tail call fastcc void @mark_words(ptr noundef %147, ptr noundef %151) #11
  br label %180

152:                                              ; preds = %142, %135
  %153 = phi ptr [ %143, %142 ], [ %139, %135 ]
  %154 = phi i64 [ %145, %142 ], [ %141, %135 ]
  %155 = icmp eq i64 %154, 0
  br i1 %155, label %180, label %156

156:                                              ; preds = %152, %177
  %157 = phi i64 [ %178, %177 ], [ 0, %152 ]
  %158 = getelementptr inbounds i64, ptr %153, i64 %157
  %159 = load i64, ptr %158, align 8
  tail call fastcc void @mark(i64 noundef %159) #11
  %160 = and i64 %157, 255
  %161 = icmp ne i64 %160, 0
  %162 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %163 = icmp eq i64 %162, 0
  %164 = select i1 %161, i1 true, i1 %163
  br i1 %164, label %177, label %165

165:                                              ; preds = %156, %165
  %166 = phi i64 [ %175, %165 ], [ %162, %156 ]
  %167 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %168 = add i64 %166, -1
  store i64 %168, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %169 = getelementptr inbounds i64, ptr %167, i64 %168
  %170 = load i64, ptr %169, align 8
  %171 = add i64 %166, -2
  store i64 %171, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %172 = getelementptr inbounds i64, ptr %167, i64 %171
  %173 = load i64, ptr %172, align 8
  %174 = inttoptr i64 %173 to ptr
  tail call fastcc void @scan(ptr noundef %174, i64 noundef %170) #11
  %175 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %176 = icmp eq i64 %175, 0
  br i1 %176, label %177, label %165

177:                                              ; preds = %165, %156
  %178 = add nuw i64 %157, 1
  %179 = icmp eq i64 %178, %154
  br i1 %179, label %180, label %156

180:                                              ; preds = %177, %152, %146
  %181 = add nuw i64 %136, 1
  %182 = load i64, ptr %130, align 8
  %183 = icmp ult i64 %181, %182
  br i1 %183, label %135, label %125

184:                                              ; preds = %125, %116
  %185 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %186 = icmp eq i64 %185, 0
  br i1 %186, label %199, label %187

187:                                              ; preds = %184, %187
  %188 = phi i64 [ %197, %187 ], [ %185, %184 ]
  %189 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %190 = add i64 %188, -1
  store i64 %190, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %191 = getelementptr inbounds i64, ptr %189, i64 %190
  %192 = load i64, ptr %191, align 8
  %193 = add i64 %188, -2
  store i64 %193, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %194 = getelementptr inbounds i64, ptr %189, i64 %193
  %195 = load i64, ptr %194, align 8
  %196 = inttoptr i64 %195 to ptr
  tail call fastcc void @scan(ptr noundef %196, i64 noundef %192) #11
  %197 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %198 = icmp eq i64 %197, 0
  br i1 %198, label %199, label %187

199:                                              ; preds = %187, %184
  %200 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  %201 = icmp eq i64 %200, 0
  %202 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br i1 %201, label %326, label %203

203:                                              ; preds = %199, %323
  %204 = phi i64 [ %318, %323 ], [ %202, %199 ]
  %205 = phi i64 [ %319, %323 ], [ %202, %199 ]
  store i64 0, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  %206 = icmp eq i64 %205, 0
  br i1 %206, label %326, label %207

207:                                              ; preds = %203, %317
  %208 = phi i64 [ %318, %317 ], [ %204, %203 ]
  %209 = phi i64 [ %319, %317 ], [ %205, %203 ]
  %210 = phi i64 [ %320, %317 ], [ %205, %203 ]
  %211 = phi i64 [ %321, %317 ], [ 0, %203 ]
  %212 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %213 = getelementptr inbounds %struct.block, ptr %212, i64 %211
  %214 = load i8, ptr %213, align 4
  %215 = add i8 %214, -1
  %216 = icmp ult i8 %215, 2
  br i1 %216, label %217, label %317

217:                                              ; preds = %207
  %218 = icmp eq i8 %214, 2
  br i1 %218, label %226, label %219

219:                                              ; preds = %217
  %220 = getelementptr inbounds i8, ptr %213, i64 1
  %221 = load i8, ptr %220, align 1
  %222 = zext i8 %221 to i64
  %223 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %222
  %224 = load i16, ptr %223, align 2
  %225 = zext i16 %224 to i64
  br label %226

226:                                              ; preds = %219, %217
  %227 = phi i64 [ %225, %219 ], [ 65536, %217 ]
  %228 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %229 = shl i64 %211, 16
  %230 = getelementptr inbounds i8, ptr %228, i64 %229
  br label %231

231:                                              ; preds = %311, %226
  %232 = phi i64 [ %227, %226 ], [ %313, %311 ]
  %233 = phi ptr [ %230, %226 ], [ %312, %311 ]
  %234 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %235 = ptrtoint ptr %233 to i64
  %236 = ptrtoint ptr %234 to i64
  %237 = sub i64 %235, %236
  %238 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %239 = lshr i64 %237, 7
  %240 = getelementptr inbounds i8, ptr %238, i64 %239
  %241 = load i8, ptr %240, align 1
  %242 = zext i8 %241 to i32
  %243 = trunc i64 %237 to i32
  %244 = lshr i32 %243, 4
  %245 = and i32 %244, 7
  %246 = shl nuw nsw i32 1, %245
  %247 = and i32 %246, %242
  %248 = icmp eq i32 %247, 0
  br i1 %248, label %311, label %249

249:                                              ; preds = %231
  %250 = load ptr, ptr %233, align 8
  %251 = getelementptr inbounds i8, ptr %250, i64 24
  %252 = load i64, ptr %251, align 8
  %253 = icmp eq i64 %252, 0
  br i1 %253, label %311, label %254

254:                                              ; preds = %249
  %255 = getelementptr inbounds i8, ptr %250, i64 8
  %256 = load i32, ptr %255, align 8
  %257 = icmp eq i32 %256, 0
  br i1 %257, label %265, label %258

258:                                              ; preds = %254
  %259 = getelementptr inbounds i8, ptr %233, i64 8
  %260 = load i32, ptr %259, align 8
  %261 = icmp eq i32 %260, 0
  br i1 %261, label %311, label %262

262:                                              ; preds = %258
  %263 = zext i32 %260 to i64
  %264 = getelementptr inbounds i8, ptr %233, i64 16
  br label %280

265:                                              ; preds = %254
  tail call fastcc void @scan(ptr noundef nonnull %233, i64 noundef 0) #11
  %266 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %267 = icmp eq i64 %266, 0
  br i1 %267, label %311, label %268

268:                                              ; preds = %265, %268
  %269 = phi i64 [ %278, %268 ], [ %266, %265 ]
  %270 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %271 = add i64 %269, -1
  store i64 %271, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %272 = getelementptr inbounds i64, ptr %270, i64 %271
  %273 = load i64, ptr %272, align 8
  %274 = add i64 %269, -2
  store i64 %274, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %275 = getelementptr inbounds i64, ptr %270, i64 %274
  %276 = load i64, ptr %275, align 8
  %277 = inttoptr i64 %276 to ptr
  tail call fastcc void @scan(ptr noundef %277, i64 noundef %273) #11
  %278 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %279 = icmp eq i64 %278, 0
  br i1 %279, label %311, label %268

280:                                              ; preds = %301, %262
  %281 = phi i64 [ %263, %262 ], [ %303, %301 ]
  %282 = phi i64 [ 0, %262 ], [ %283, %301 ]
  %283 = add nuw nsw i64 %282, 256
  %284 = tail call i64 @llvm.umin.i64(i64 %283, i64 %281)
  %285 = icmp ugt i64 %281, %282
  br i1 %285, label %305, label %301

286:                                              ; preds = %305
  %287 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %288 = icmp eq i64 %287, 0
  br i1 %288, label %301, label %289

289:                                              ; preds = %286, %289
  %290 = phi i64 [ %299, %289 ], [ %287, %286 ]
  %291 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %292 = add i64 %290, -1
  store i64 %292, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %293 = getelementptr inbounds i64, ptr %291, i64 %292
  %294 = load i64, ptr %293, align 8
  %295 = add i64 %290, -2
  store i64 %295, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %296 = getelementptr inbounds i64, ptr %291, i64 %295
  %297 = load i64, ptr %296, align 8
  %298 = inttoptr i64 %297 to ptr
  tail call fastcc void @scan(ptr noundef %298, i64 noundef %294) #11
  %299 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %300 = icmp eq i64 %299, 0
  br i1 %300, label %301, label %289

301:                                              ; preds = %289, %280, %286
  %302 = load i32, ptr %259, align 8
  %303 = zext i32 %302 to i64
  %304 = icmp ult i64 %283, %303
  br i1 %304, label %280, label %311

305:                                              ; preds = %280, %305
  %306 = phi i64 [ %309, %305 ], [ %282, %280 ]
  %307 = getelementptr inbounds [0 x i64], ptr %264, i64 0, i64 %306
  %308 = load i64, ptr %307, align 8
  tail call fastcc void @mark(i64 noundef %308) #11
  %309 = add nuw nsw i64 %306, 1
  %310 = icmp ult i64 %309, %284
  br i1 %310, label %305, label %286

311:                                              ; preds = %301, %268, %265, %258, %249, %231
  %312 = getelementptr inbounds i8, ptr %230, i64 %232
  %313 = add nuw nsw i64 %232, %227
  %314 = icmp ugt i64 %313, 65536
  br i1 %314, label %315, label %231

315:                                              ; preds = %311
  %316 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br label %317

317:                                              ; preds = %315, %207
  %318 = phi i64 [ %316, %315 ], [ %208, %207 ]
  %319 = phi i64 [ %316, %315 ], [ %209, %207 ]
  %320 = phi i64 [ %316, %315 ], [ %210, %207 ]
  %321 = add nuw i64 %211, 1
  %322 = icmp ult i64 %321, %320
  br i1 %322, label %207, label %323

323:                                              ; preds = %317
  %324 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  %325 = icmp eq i64 %324, 0
  br i1 %325, label %326, label %203

326:                                              ; preds = %203, %323, %199
  %327 = phi i64 [ %202, %199 ], [ %204, %203 ], [ %318, %323 ]
  store i64 0, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  %328 = icmp eq i64 %327, 0
  br i1 %328, label %431, label %329

329:                                              ; preds = %326, %427
  %330 = phi i64 [ %331, %427 ], [ %327, %326 ]
  %331 = add i64 %330, -1
  %332 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %333 = getelementptr inbounds %struct.block, ptr %332, i64 %331
  %334 = load i8, ptr %333, align 4
  switch i8 %334, label %427 [
    i8 1, label %335
    i8 2, label %372
  ]

335:                                              ; preds = %329
  %336 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %337 = shl i64 %331, 9
  %338 = getelementptr inbounds i8, ptr %336, i64 %337
  br label %339

339:                                              ; preds = %348, %335
  %340 = phi i64 [ 0, %335 ], [ %350, %348 ]
  %341 = phi i64 [ 0, %335 ], [ %349, %348 ]
  %342 = getelementptr inbounds i64, ptr %338, i64 %340
  %343 = load i64, ptr %342, align 8
  %344 = icmp eq i64 %343, 0
  br i1 %344, label %348, label %345

345:                                              ; preds = %339
  %346 = tail call range(i64 0, 65) i64 @llvm.ctpop.i64(i64 %343)
  %347 = add i64 %346, %341
  br label %348

348:                                              ; preds = %345, %339
  %349 = phi i64 [ %347, %345 ], [ %341, %339 ]
  %350 = add nuw nsw i64 %340, 1
  %351 = icmp eq i64 %350, 64
  br i1 %351, label %352, label %339

352:                                              ; preds = %348
  %353 = getelementptr inbounds i8, ptr %333, i64 1
  %354 = load i8, ptr %353, align 1
  %355 = zext i8 %354 to i64
  %356 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %355
  %357 = load i16, ptr %356, align 2
  %358 = zext i16 %357 to i64
  %359 = mul i64 %349, %358
  %360 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  %361 = add i64 %359, %360
  store i64 %361, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  %362 = icmp eq i64 %349, 0
  br i1 %362, label %363, label %364

363:                                              ; preds = %352
  store i8 0, ptr %333, align 4
  br label %427

364:                                              ; preds = %352
  %365 = load i8, ptr %353, align 1
  %366 = zext i8 %365 to i64
  %367 = getelementptr inbounds [38 x %struct.class], ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 672), i64 0, i64 %366, i32 3
  %368 = load i32, ptr %367, align 8
  %369 = getelementptr inbounds i8, ptr %333, i64 4
  store i32 %368, ptr %369, align 4
  %370 = trunc i64 %331 to i32
  %371 = add i32 %370, 1
  store i32 %371, ptr %367, align 8
  br label %427

372:                                              ; preds = %329
  %373 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %374 = shl i64 %331, 9
  %375 = and i64 %374, 144115188075855360
  %376 = getelementptr inbounds i8, ptr %373, i64 %375
  %377 = load i8, ptr %376, align 1
  %378 = and i8 %377, 1
  %379 = icmp eq i8 %378, 0
  %380 = getelementptr inbounds i8, ptr %333, i64 8
  %381 = load i32, ptr %380, align 4
  %382 = zext i32 %381 to i64
  br i1 %379, label %387, label %383

383:                                              ; preds = %372
  %384 = shl nuw nsw i64 %382, 16
  %385 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  %386 = add i64 %385, %384
  store i64 %386, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  br label %427

387:                                              ; preds = %372
  %388 = icmp eq i32 %381, 0
  br i1 %388, label %427, label %389

389:                                              ; preds = %387
  %390 = and i64 %382, 3
  %391 = icmp ult i32 %381, 4
  br i1 %391, label %415, label %392

392:                                              ; preds = %389
  %393 = and i64 %382, 4294967292
  br label %394

394:                                              ; preds = %394, %392
  %395 = phi i64 [ 0, %392 ], [ %412, %394 ]
  %396 = phi i64 [ 0, %392 ], [ %413, %394 ]
  %397 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %398 = getelementptr %struct.block, ptr %397, i64 %331
  %399 = getelementptr %struct.block, ptr %398, i64 %395
  store i8 0, ptr %399, align 4
  %400 = or disjoint i64 %395, 1
  %401 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %402 = getelementptr %struct.block, ptr %401, i64 %331
  %403 = getelementptr %struct.block, ptr %402, i64 %400
  store i8 0, ptr %403, align 4
  %404 = or disjoint i64 %395, 2
  %405 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %406 = getelementptr %struct.block, ptr %405, i64 %331
  %407 = getelementptr %struct.block, ptr %406, i64 %404
  store i8 0, ptr %407, align 4
  %408 = or disjoint i64 %395, 3
  %409 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %410 = getelementptr %struct.block, ptr %409, i64 %331
  %411 = getelementptr %struct.block, ptr %410, i64 %408
  store i8 0, ptr %411, align 4
  %412 = add nuw nsw i64 %395, 4
  %413 = add i64 %396, 4
  %414 = icmp eq i64 %413, %393
  br i1 %414, label %415, label %394

415:                                              ; preds = %394, %389
  %416 = phi i64 [ 0, %389 ], [ %412, %394 ]
  %417 = icmp eq i64 %390, 0
  br i1 %417, label %427, label %418

418:                                              ; preds = %415, %418
  %419 = phi i64 [ %424, %418 ], [ %416, %415 ]
  %420 = phi i64 [ %425, %418 ], [ 0, %415 ]
  %421 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %422 = getelementptr %struct.block, ptr %421, i64 %331
  %423 = getelementptr %struct.block, ptr %422, i64 %419
  store i8 0, ptr %423, align 4
  %424 = add nuw nsw i64 %419, 1
  %425 = add i64 %420, 1
  %426 = icmp eq i64 %425, %390
  br i1 %426, label %427, label %418

427:                                              ; preds = %415, %418, %387, %383, %364, %363, %329
  %428 = icmp eq i64 %331, 0
  br i1 %428, label %429, label %329

429:                                              ; preds = %427
  %430 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1976), align 8
  br label %431

431:                                              ; preds = %429, %326
  %432 = phi i64 [ %430, %429 ], [ 0, %326 ]
  store i64 0, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1960), align 8
  %433 = tail call i64 @llvm.umax.i64(i64 %432, i64 4194304)
  store i64 %433, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1968), align 8
  %434 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2000), align 8
  %435 = add i64 %434, 1
  store i64 %435, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 2000), align 8
  ret void
}

; Function Attrs: nounwind uwtable
define internal fastcc void @mark_words(ptr noundef readonly %0, ptr noundef readnone %1) unnamed_addr #4 {
  %3 = icmp ult ptr %0, %1
  br i1 %3, label %4, label %63

4:                                                ; preds = %2
  %5 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %6 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br label %7

7:                                                ; preds = %4, %58
  %8 = phi i64 [ %59, %58 ], [ %6, %4 ]
  %9 = phi ptr [ %60, %58 ], [ %5, %4 ]
  %10 = phi ptr [ %61, %58 ], [ %0, %4 ]
  %11 = load i64, ptr %10, align 8
  %12 = ptrtoint ptr %9 to i64
  %13 = sub i64 %11, %12
  %14 = shl i64 %8, 16
  %15 = icmp ult i64 %13, %14
  br i1 %15, label %16, label %58

16:                                               ; preds = %7
  %17 = lshr i64 %13, 16
  %18 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1888), align 8
  %19 = getelementptr inbounds %struct.block, ptr %18, i64 %17
  %20 = load i8, ptr %19, align 4
  switch i8 %20, label %58 [
    i8 1, label %21
    i8 2, label %40
    i8 3, label %43
  ]

21:                                               ; preds = %16
  %22 = getelementptr inbounds i8, ptr %19, i64 1
  %23 = load i8, ptr %22, align 1
  %24 = zext i8 %23 to i64
  %25 = getelementptr inbounds [38 x i16], ptr @sizes, i64 0, i64 %24
  %26 = load i16, ptr %25, align 2
  %27 = zext i16 %26 to i32
  %28 = trunc i64 %13 to i16
  %29 = udiv i16 %28, %26
  %30 = zext i16 %29 to i32
  %31 = add nuw nsw i32 %30, 1
  %32 = mul nuw i32 %31, %27
  %33 = icmp ult i32 %32, 65537
  br i1 %33, label %34, label %58

34:                                               ; preds = %21
  %35 = and i64 %13, -65536
  %36 = getelementptr inbounds i8, ptr %9, i64 %35
  %37 = mul nuw i32 %30, %27
  %38 = zext i32 %37 to i64
  %39 = getelementptr inbounds i8, ptr %36, i64 %38
  br label %50

40:                                               ; preds = %16
  %41 = and i64 %13, -65536
  %42 = getelementptr inbounds i8, ptr %9, i64 %41
  br label %50

43:                                               ; preds = %16
  %44 = getelementptr inbounds i8, ptr %19, i64 8
  %45 = load i32, ptr %44, align 4
  %46 = zext i32 %45 to i64
  %47 = sub nsw i64 %17, %46
  %48 = shl i64 %47, 16
  %49 = getelementptr inbounds i8, ptr %9, i64 %48
  br label %50

50:                                               ; preds = %43, %40, %34
  %51 = phi ptr [ %49, %43 ], [ %42, %40 ], [ %39, %34 ]
  %52 = load ptr, ptr %51, align 8
  %53 = icmp eq ptr %52, null
  br i1 %53, label %58, label %54

54:                                               ; preds = %50
  %55 = ptrtoint ptr %51 to i64
  tail call fastcc void @mark(i64 noundef %55) #11
  %56 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %57 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  br label %58

58:                                               ; preds = %7, %16, %21, %50, %54
  %59 = phi i64 [ %8, %7 ], [ %8, %16 ], [ %8, %21 ], [ %8, %50 ], [ %57, %54 ]
  %60 = phi ptr [ %9, %7 ], [ %9, %16 ], [ %9, %21 ], [ %9, %50 ], [ %56, %54 ]
  %61 = getelementptr inbounds i8, ptr %10, i64 8
  %62 = icmp ult ptr %61, %1
  br i1 %62, label %7, label %63

63:                                               ; preds = %58, %2
  %64 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %65 = icmp eq i64 %64, 0
  br i1 %65, label %78, label %66

66:                                               ; preds = %63, %66
  %67 = phi i64 [ %76, %66 ], [ %64, %63 ]
  %68 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %69 = add i64 %67, -1
  store i64 %69, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %70 = getelementptr inbounds i64, ptr %68, i64 %69
  %71 = load i64, ptr %70, align 8
  %72 = add i64 %67, -2
  store i64 %72, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %73 = getelementptr inbounds i64, ptr %68, i64 %72
  %74 = load i64, ptr %73, align 8
  %75 = inttoptr i64 %74 to ptr
  tail call fastcc void @scan(ptr noundef %75, i64 noundef %71) #11
  %76 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %77 = icmp eq i64 %76, 0
  br i1 %77, label %78, label %66

78:                                               ; preds = %66, %63
  ret void
}

; Function Attrs: nounwind uwtable
define internal fastcc void @mark(i64 noundef %0) unnamed_addr #4 {
  %2 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1912), align 8
  %3 = ptrtoint ptr %2 to i64
  %4 = sub i64 %0, %3
  %5 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1920), align 8
  %6 = shl i64 %5, 16
  %7 = icmp ult i64 %4, %6
  %8 = and i64 %4, 15
  %9 = icmp eq i64 %8, 0
  %10 = and i1 %7, %9
  br i1 %10, label %11, label %68

11:                                               ; preds = %1
  %12 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1896), align 8
  %13 = lshr i64 %4, 7
  %14 = getelementptr inbounds i8, ptr %12, i64 %13
  %15 = load i8, ptr %14, align 1
  %16 = zext i8 %15 to i32
  %17 = trunc i64 %4 to i32
  %18 = lshr exact i32 %17, 4
  %19 = and i32 %18, 7
  %20 = shl nuw nsw i32 1, %19
  %21 = and i32 %20, %16
  %22 = icmp eq i32 %21, 0
  br i1 %22, label %23, label %68

23:                                               ; preds = %11
  %24 = inttoptr i64 %0 to ptr
  %25 = trunc i64 %4 to i8
  %26 = lshr exact i8 %25, 4
  %27 = and i8 %26, 7
  %28 = shl nuw i8 1, %27
  %29 = or i8 %15, %28
  store i8 %29, ptr %14, align 1
  %30 = load ptr, ptr %24, align 8
  %31 = getelementptr inbounds i8, ptr %30, i64 24
  %32 = load i64, ptr %31, align 8
  %33 = icmp eq i64 %32, 0
  br i1 %33, label %68, label %34

34:                                               ; preds = %23
  %35 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %36 = shl i64 %35, 3
  %37 = add i64 %36, 16
  %38 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  %39 = icmp ugt i64 %37, %38
  br i1 %39, label %40, label %59

40:                                               ; preds = %34
  %41 = icmp ugt i64 %38, 16777215
  br i1 %41, label %58, label %42

42:                                               ; preds = %40
  %43 = add nuw nsw i64 %38, 131071
  %44 = and i64 %43, 33488896
  %45 = icmp ugt i64 %44, %38
  br i1 %45, label %46, label %59

46:                                               ; preds = %42
  %47 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %48 = load ptr, ptr @wasm_heap, align 8
  %49 = ptrtoint ptr %47 to i64
  %50 = ptrtoint ptr %48 to i64
  %51 = add i64 %38, %49
  %52 = sub i64 %51, %50
  %53 = sub nsw i64 %44, %38
  %54 = tail call i32 @wasm_heap_commit(i64 noundef %52, i64 noundef %53) #12
  %55 = icmp eq i32 %54, 0
  br i1 %55, label %56, label %58

56:                                               ; preds = %46
  store i64 %44, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  %57 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  br label %59

58:                                               ; preds = %46, %40
  store i64 1, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  br label %68

59:                                               ; preds = %56, %42, %34
  %60 = phi i64 [ %35, %42 ], [ %57, %56 ], [ %35, %34 ]
  %61 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %62 = add i64 %60, 1
  store i64 %62, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %63 = getelementptr inbounds i64, ptr %61, i64 %60
  store i64 %0, ptr %63, align 8
  %64 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %65 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %66 = add i64 %65, 1
  store i64 %66, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %67 = getelementptr inbounds i64, ptr %64, i64 %65
  store i64 0, ptr %67, align 8
  br label %68

68:                                               ; preds = %59, %58, %11, %23, %1
  ret void
}

; Function Attrs: nounwind uwtable
define internal fastcc void @scan(ptr noundef %0, i64 noundef %1) unnamed_addr #4 {
  %3 = load ptr, ptr %0, align 8
  %4 = getelementptr inbounds i8, ptr %3, i64 8
  %5 = load i32, ptr %4, align 8
  %6 = icmp eq i32 %5, 0
  br i1 %6, label %7, label %24

7:                                                ; preds = %2
  %8 = getelementptr inbounds i8, ptr %3, i64 24
  %9 = load i64, ptr %8, align 8
  %10 = icmp eq i64 %9, 0
  br i1 %10, label %76, label %11

11:                                               ; preds = %7
  %12 = getelementptr inbounds i8, ptr %3, i64 16
  br label %13

13:                                               ; preds = %11, %13
  %14 = phi i64 [ 0, %11 ], [ %21, %13 ]
  %15 = load ptr, ptr %12, align 8
  %16 = getelementptr inbounds i32, ptr %15, i64 %14
  %17 = load i32, ptr %16, align 4
  %18 = zext i32 %17 to i64
  %19 = getelementptr inbounds i8, ptr %0, i64 %18
  %20 = load i64, ptr %19, align 8
  tail call fastcc void @mark(i64 noundef %20) #11
  %21 = add nuw i64 %14, 1
  %22 = load i64, ptr %8, align 8
  %23 = icmp ult i64 %21, %22
  br i1 %23, label %13, label %76

24:                                               ; preds = %2
  %25 = add i64 %1, 256
  %26 = getelementptr inbounds i8, ptr %0, i64 8
  %27 = load i32, ptr %26, align 8
  %28 = zext i32 %27 to i64
  %29 = icmp ult i64 %25, %28
  br i1 %29, label %30, label %65

30:                                               ; preds = %24
  %31 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %32 = shl i64 %31, 3
  %33 = add i64 %32, 16
  %34 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  %35 = icmp ugt i64 %33, %34
  br i1 %35, label %36, label %55

36:                                               ; preds = %30
  %37 = icmp ugt i64 %34, 16777215
  br i1 %37, label %54, label %38

38:                                               ; preds = %36
  %39 = add nuw nsw i64 %34, 131071
  %40 = and i64 %39, 33488896
  %41 = icmp ugt i64 %40, %34
  br i1 %41, label %42, label %55

42:                                               ; preds = %38
  %43 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %44 = load ptr, ptr @wasm_heap, align 8
  %45 = ptrtoint ptr %43 to i64
  %46 = ptrtoint ptr %44 to i64
  %47 = add i64 %34, %45
  %48 = sub i64 %47, %46
  %49 = sub nsw i64 %40, %34
  %50 = tail call i32 @wasm_heap_commit(i64 noundef %48, i64 noundef %49) #12
  %51 = icmp eq i32 %50, 0
  br i1 %51, label %52, label %54

52:                                               ; preds = %42
  store i64 %40, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1952), align 8
  %53 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  br label %55

54:                                               ; preds = %42, %36
  store i64 1, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1992), align 8
  br label %65

55:                                               ; preds = %52, %38, %30
  %56 = phi i64 [ %31, %38 ], [ %53, %52 ], [ %31, %30 ]
  %57 = ptrtoint ptr %0 to i64
  %58 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %59 = add i64 %56, 1
  store i64 %59, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %60 = getelementptr inbounds i64, ptr %58, i64 %56
  store i64 %57, ptr %60, align 8
  %61 = load ptr, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1904), align 8
  %62 = load i64, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %63 = add i64 %62, 1
  store i64 %63, ptr getelementptr inbounds (i8, ptr @wasm_heap, i64 1984), align 8
  %64 = getelementptr inbounds i64, ptr %61, i64 %62
  store i64 %25, ptr %64, align 8
  br label %65

65:                                               ; preds = %55, %54, %24
  %66 = phi i64 [ %28, %24 ], [ %25, %54 ], [ %25, %55 ]
  %67 = icmp ugt i64 %66, %1
  br i1 %67, label %68, label %76

68:                                               ; preds = %65
  %69 = getelementptr inbounds i8, ptr %0, i64 16
  br label %70

70:                                               ; preds = %68, %70
  %71 = phi i64 [ %1, %68 ], [ %74, %70 ]
  %72 = getelementptr inbounds [0 x i64], ptr %69, i64 0, i64 %71
  %73 = load i64, ptr %72, align 8
  tail call fastcc void @mark(i64 noundef %73) #11
  %74 = add i64 %71, 1
  %75 = icmp eq i64 %74, %66
  br i1 %75, label %76, label %70

76:                                               ; preds = %70, %13, %65, %7
  ret void
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.ctpop.i64(i64) #9

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.ctlz.i64(i64, i1 immarg) #9

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.umax.i64(i64, i64) #10

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.umin.i64(i64, i64) #10

attributes #0 = { noinline nounwind uwtable "no-builtins" }
attributes #1 = { nounwind }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn memory(none) }
attributes #3 = { mustprogress nofree noinline norecurse nounwind willreturn uwtable "no-builtins" }
attributes #4 = { nounwind uwtable "no-builtins" }
attributes #5 = { mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, inaccessiblemem: none) uwtable "no-builtins" }
attributes #6 = { nofree norecurse nosync nounwind memory(argmem: write) uwtable "no-builtins" }
attributes #7 = { nofree norecurse nosync nounwind memory(argmem: write) uwtable "no-builtins" }
attributes #8 = { "no-builtins" }
attributes #9 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #10 = { nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #11 = { nobuiltin "no-builtins" }
attributes #12 = { nobuiltin nounwind "no-builtins" }


