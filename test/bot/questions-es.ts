/** The same in Spanish. */
export const spanishQuestions = `
return-how | Quisiera mandar de vuelta estos pantalones, ¿cómo se hace?
return-how | ¿cuál es la política de devoluciones?
return-how | ¿Puedo devolver una tetera que no he usado?
return-how | He cambiado de idea con la lámpara. ¿Es tarde para devolverla después de tres semanas?
return-how | ¿Dónde consigo la etiqueta de devolución?
return-how | como devolber un articulo
refund-when | Devolví las botas la semana pasada, ¿cuándo veré mi dinero?
refund-when | ¿Cuántos días tarda el reembolso en mi tarjeta?
refund-when | sigo esperando el abono
cancel-order | Quiero cancelar el pedido que hice esta mañana
cancel-order | ¿Se puede anular? Pedí por error
cancel-order | Por favor anulen el pedido 4711
change-order | ¿Puedo añadir otra almohada al pedido de ayer?
change-order | Necesito modificar la cantidad de mi pedido
exchange | La camisa me queda pequeña, ¿la puedo cambiar por una más grande?
exchange | ¿Me dan la misma silla en otro color?
damaged | El jarrón llegó hecho pedazos
damaged | Mi batidora vino con la jarra rajada, ¿qué hago?
damaged | la caja estaba aplastada y la lámpara está rota
wrong-item | Me han enviado una alfombra azul y pedí una roja
wrong-item | He recibido un producto que no es el que pedí
missing-item | La tienda de campaña vino sin las piquetas
missing-item | Falta uno de los tres artículos en el paquete
payment-methods | ¿Puedo pagar con PayPal?
payment-methods | ¿qué tarjetas de crédito aceptan?
payment-methods | ¿Se puede pagar por transferencia o a plazos?
payment-declined | ¿Por qué rechazan mi tarjeta al pagar?
payment-declined | El pago ha fallado, ¿qué puedo hacer?
charged-twice | Veo dos cargos iguales en el extracto del banco
charged-twice | ¡me habéis cobrado el doble!
invoice | Necesito una factura con IVA para mi empresa
invoice | ¿Dónde puedo descargar el recibo?
discount-code | El cupón no me funciona en la cesta
discount-code | dónde pongo el código promocional
change-password | Quisiera poner una contraseña nueva
change-password | ¿Cómo actualizo mi clave por seguridad?
forgot-password | No recuerdo mi contraseña
forgot-password | Ya no puedo entrar, perdí la contraseña
change-email | Tengo un correo nuevo, ¿cómo lo actualizo?
change-email | Me he casado y mi apellido es otro, ¿dónde lo edito?
delete-account | Díganme cómo darme de baja de la tienda
delete-account | Quiero que borren todos mis datos personales
privacy | ¿Comparten mis datos con terceros?
privacy | ¿Cómo obtengo una copia de la información que guardan de mí?
guarantee | Mis auriculares dejaron de funcionar al año, ¿están en garantía?
guarantee | ¿Cuántos años de garantía tiene una motosierra?
spare-parts | ¿Puedo comprar una tapa nueva para mi olla?
spare-parts | ¿Tienen filtros de recambio para la cafetera?
back-in-stock | El sofá azul está agotado, ¿cuándo lo tendrán otra vez?
back-in-stock | avísenme cuando el dron esté disponible
gift | ¿Envuelven para regalo?
gift | Es un regalo de cumpleaños, ¿pueden poner una dedicatoria?
gift-card | Quisiera comprar una tarjeta regalo para mi hermana
gift-card | cuánto tiempo vale un cheque regalo
guest-order | ¿Tengo que registrarme para comprar?
guest-order | ¿Puedo comprar como invitado?
contact | ¿Cuál es su número de teléfono?
contact | ¿Qué horario tiene la atención al cliente?
newsletter | ¿Cómo me doy de baja de sus correos?
newsletter | no quiero recibir más el boletín
sustainability | ¿El embalaje es reciclable?
sustainability | ¿Usan plástico en los paquetes?
size-guide | Estoy entre la M y la L, ¿qué talla elijo?
size-guide | ¿Hay una tabla de tallas para las chaquetas?
business | ¿Hacen descuento a empresas por cantidad?
business | Somos un hotel y necesitamos 200 toallas, ¿nos hacen una oferta?
delivery-time | ¿Cuántos días tarda normalmente la entrega?
delivery-time | ¿Entregan los fines de semana?
delivery-time | ¿Es rápido el envío?
delivery-cost | ¿Cuánto valen los gastos de envío?
delivery-cost | ¿A partir de qué importe es gratis el envío?
ship-abroad | ¿Hacen envíos a Suiza?
ship-abroad | ¿Pueden mandar un paquete a mi hermana en Noruega?
ship-abroad | hay que pagar aduana
missed-delivery | No estaba en casa cuando llamó el repartidor
missed-delivery | El mensajero dejó un aviso, ¿dónde recojo el paquete?
change-address | Puse mal el número de la calle en mi pedido
change-address | Nos mudamos la semana que viene, ¿puede ir el paquete a la casa nueva?
track-order | ¿Dónde veo el seguimiento de un paquete?
track-order | cómo rastreo un pedido
order-status | ¿Dónde está mi pedido?
order-status | ¿Ya han enviado mi pedido?
order-status | ¿Cuándo llega mi paquete?
order-status | Cuál es el estado de mi último pedido
order-status | ¿ha salido ya mi paquete del almacén?
order-status | Mi pedido tenía que llegar ayer, ¿dónde está?
order-status | ¿Está en camino mi pedido?
order-status | ¿hay noticias de mi entrega?
order-status | Sigo esperando mi paquete
order-status | pueden mirar cómo va mi pedido
order-status | ¿se entregó mi pedido?
order-status | todavía no me ha llegado nada
order-status | ¿Dónde está la silla que pedí?
order-status | ¿Estado del pedido 12?
hand-over | Quiero hablar con una persona de verdad
hand-over | Páseme con un agente ahora mismo
hand-over | Es la tercera vez que escribo, son unos inútiles
hand-over | Voy a llamar a mi abogado si no lo arreglan hoy
hand-over | Vaya vergüenza de tienda, estoy indignado
hand-over | Su conductor me ha roto la valla, ¿quién la paga?
hand-over | ¿La mesa de nogal es segura si la muerde un bebé?
hand-over | ¿Tienen trabajo en el almacén?
hand-over | ¿Cuál de los dos taladros es mejor para hormigón?
hand-over | ¿Me recomienda un vino para pescado?
hand-over | El perro del vecino se comió el manual
hand-over | ¿Lloverá mañana?
hand-over | Quisiera entrevistar a su director para nuestra revista
hand-over | El horno se incendió y quemó mi cocina
hand-over | el cortacésped va con gasolina o con electricidad
hand-over | ¿Puedo ir a ver los sofás?
hand-over | ¿Quién ganó el partido anoche?
hand-over | jklñ uiop bnm
hand-over | ¿Cómo se monta la estantería?
hand-over | ¿Cuál es el sentido de la vida?
hand-over | ¿Compran muebles usados?
hand-over | ¿Es verdad que cerraron la tienda de Oporto?
hand-over | Son unos ladrones, exijo mi dinero y una indemnización
hand-over | Quiero denunciar un fraude, alguien pidió con mi tarjeta robada
hand-over | La aplicación se cierra en mi móvil al abrir la cámara
hand-over | cuánto pesa el banco de jardín
`;
